"""The keys that are read in tools, schemas and requests, in OpenAI's form and in others."""

from __future__ import annotations

from adapter.linting.words import word_set

# JSON Schema of drafts 4 to 2020-12, OpenAPI 3, and words of generators and form builders that are no slips.
SCHEMA = word_set(
    "$anchor $comment $defs $dynamicAnchor $dynamicRef $id $ref $recursiveAnchor $recursiveRef $schema $vocabulary "
    "additionalItems additionalProperties allOf anyOf const contains contentEncoding contentMediaType contentSchema "
    "default definitions dependencies dependentRequired dependentSchemas deprecated description else enum examples "
    "exclusiveMaximum exclusiveMinimum format formatMaximum formatMinimum id if items maxContains maxItems maxLength "
    "maxProperties maximum minContains minItems minLength minProperties minimum multipleOf not nullable oneOf pattern "
    "patternProperties prefixItems properties propertyNames readOnly required then title type unevaluatedItems "
    "unevaluatedProperties uniqueItems writeOnly discriminator example externalDocs propertyOrdering "
    "property_ordering xml"
)
SCHEMA_OF_OTHERS = word_set(
    "bsonType defaultSnippets display enumDescriptions enumNames errorMessage group hidden label labels "
    "markdownDescription multiple name options optional order placeholder propertyOrder strict tsType typeof unit "
    "units value values widget min max tags version"
)
TOOL = frozenset({"type", "function", "custom", "name", "description", "parameters", "strict"})
TOOL_OF_OTHERS = word_set(
    "input_schema inputSchema outputSchema output_schema annotations title icons _meta meta execution toolSpec "
    "cachePoint functionDeclarations function_declarations cache_control defer_loading allowed_callers input_examples "
    "eager_input_streaming polls async response responses returns return examples example format tools tags version "
    "category metadata enabled id kind namespace parametersJsonSchema parameters_json_schema responseJsonSchema "
    "behavior googleSearch codeExecution googleSearchRetrieval server_label server_url server_description "
    "require_approval allowed_tools connector_id authorization headers vector_store_ids max_num_results "
    "ranking_options filters search_context_size user_location container display_width_px display_height_px "
    "display_width display_height display_number environment max_uses allowed_domains blocked_domains citations"
)
REQUEST = word_set(
    "messages model tools tool_choice parallel_tool_calls functions function_call stream temperature max_tokens "
    "max_completion_tokens response_format input instructions"
)
REQUEST_OF_OTHERS = word_set(
    "audio frequency_penalty logit_bias logprobs metadata modalities n prediction presence_penalty prompt_cache_key "
    "prompt_cache_retention reasoning_effort safety_identifier seed service_tier stop store stream_options "
    "top_logprobs top_p user verbosity web_search_options background context_management conversation include "
    "max_output_tokens max_tool_calls previous_response_id prompt reasoning text truncation system thinking "
    "stop_sequences top_k mcp_servers container output_config betas anthropic_version inference_geo speed options "
    "keep_alive format template raw suffix images think context min_p top_a typical_p tfs mirostat mirostat_tau "
    "mirostat_eta repetition_penalty repeat_penalty repeat_last_n length_penalty min_tokens n_predict cache_prompt "
    "id_slot grammar json_schema chat_template chat_template_kwargs add_generation_prompt continue_final_message "
    "extra_body extra_headers extra_query guided_json guided_regex guided_choice guided_grammar structured_outputs "
    "best_of use_beam_search skip_special_tokens spaces_between_special_tokens ignore_eos stop_token_ids "
    "include_stop_str_in_output bad_words prompt_logprobs echo regex ebnf json_mode safe_prompt random_seed "
    "prompt_mode provider models route transforms plugins usage session_id search_parameters enable_thinking "
    "thinking_budget result toolConfig tool_config inferenceConfig modelId contents systemInstruction "
    "system_instruction generationConfig generation_config safetySettings safety_settings cachedContent parameters id "
    "jsonrpc method params body custom_id url nextCursor next_cursor _meta timeout priority request_id "
    "stream_tool_calls documents samplers dry_multiplier dry_base dry_allowed_length xtc_probability"
)
MESSAGE = frozenset({"role", "content", "tool_calls", "tool_call_id", "function_call", "name"})
MESSAGE_OF_OTHERS = word_set(
    "refusal audio annotations reasoning reasoning_content reasoning_details thinking images tool_name prefix partial "
    "cache_control id type status phase metadata tools parts channel recipient end_turn author weight toolUseId input "
    "output call_id arguments"
)
CALL = frozenset({"id", "type", "function", "custom", "index"})
CHOICE = frozenset({"type", "function", "name", "custom", "mode", "tools", "allowed_tools", "disable_parallel_tool_use"})
