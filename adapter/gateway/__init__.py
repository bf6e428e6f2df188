"""The gateway: an endpoint with tool calling for programs in any language, before an upstream that only writes text."""
