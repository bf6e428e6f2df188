// The request that is edited on the left.
let ids = 0;

export const emptyOptions = () => ({ dialect: "", enforce: "", profile: "", native: "", examples: "", server: "" });

// A message is edited as a text where it is nothing else, and as JSON otherwise.
export function messageOf(value) {
  const plain = value && typeof value.content === "string" && Object.keys(value).every((name) => name === "role" || name === "content");
  if (plain) return { id: ++ids, role: value.role, text: value.content, json: null };
  return { id: ++ids, role: String(value?.role ?? "user"), text: "", json: JSON.stringify(value, null, 2) };
}

export function exampleDraft() {
  const tools = [
    {
      type: "function",
      function: {
        name: "get_weather",
        description: "The weather in a city, now or on a day.",
        parameters: {
          type: "object",
          properties: {
            city: { type: "string", description: "The city, in English." },
            day: { type: "string", enum: ["today", "tomorrow"] },
            unit: { type: "string", enum: ["celsius", "fahrenheit"] },
          },
          required: ["city"],
        },
      },
    },
    {
      type: "function",
      function: {
        name: "find_train",
        description: "Trains between two cities.",
        parameters: {
          type: "object",
          properties: { from: { type: "string" }, to: { type: "string" }, after: { type: "string", description: "HH:MM" } },
          required: ["from", "to"],
        },
      },
    },
  ];
  const messages = [
    { role: "system", content: "You help travellers. Be brief." },
    { role: "user", content: "What is the weather in Paris tomorrow, and when does a train leave Lyon after 9:00?" },
  ];
  return draftOf({ messages, tools });
}

export function draftOf(request, options = emptyOptions()) {
  const { model = "", messages = [], tools = [], tool_choice: choice, stream, stream_options: usage, ...more } = request ?? {};
  return {
    model: typeof model === "string" ? model : "",
    messages: (Array.isArray(messages) ? messages : []).map(messageOf),
    tools: JSON.stringify(tools ?? [], null, 2),
    choice: typeof choice === "string" ? choice : choice?.function?.name ? `=${choice.function.name}` : "auto",
    more,
    options,
  };
}

function parsed(text, place) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${place}: ${error.message}`);
  }
}

export function toolsOf(draft) {
  return draft.tools.trim() ? parsed(draft.tools, "Tools are no JSON") : [];
}

export function toolNames(draft) {
  try {
    const names = toolsOf(draft).map((tool) => tool?.function?.name ?? tool?.name);
    return names.filter((name) => typeof name === "string");
  } catch {
    return [];
  }
}

// The chat request; an Error with a sentence for text that is no JSON.
export function requestOf(draft) {
  const messages = draft.messages.map((message, position) =>
    message.json === null
      ? { role: message.role, content: message.text }
      : parsed(message.json, `Message ${position + 1} is no JSON`),
  );
  const tools = toolsOf(draft);
  const request = { ...(draft.model ? { model: draft.model } : {}), messages, ...draft.more };
  if (!Array.isArray(tools) || tools.length) {
    request.tools = tools;
    if (draft.choice.startsWith("=")) request.tool_choice = { type: "function", function: { name: draft.choice.slice(1) } };
    else if (draft.choice !== "auto") request.tool_choice = draft.choice;
  }
  return request;
}

export function chosenOptions(draft) {
  return Object.fromEntries(Object.entries(draft.options).filter(([, value]) => value));
}
