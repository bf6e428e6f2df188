// Each client asks for a note with its tool, and then for an answer: node clients.mjs CLIENT WAY GATEWAY
// It prints {"calls": [the arguments of each call], "answer": the words}.

const NOTE = "meet at noon";
const QUESTION = "What does note.txt say?";
const SAID = "Read a note.";
const SCHEMA = { type: "object", properties: { name: { type: "string" } }, required: ["name"] };
const [client, way, gateway] = process.argv.slice(2);
const streamed = way === "streamed";
const calls = [];
globalThis.AI_SDK_LOG_WARNINGS = false; // about models that it does not know

async function read(args) {
  calls.push(args);
  return NOTE;
}

async function openaiChat() {
  const { default: OpenAI } = await import("openai");
  const api = new OpenAI({ baseURL: `${gateway}/v1`, apiKey: "k", maxRetries: 0 });
  const tools = [{ type: "function", function: { name: "read_note", description: SAID, parameters: SCHEMA } }];
  const messages = [{ role: "user", content: QUESTION }];
  for (;;) {
    const asked = { model: "m", messages, tools };
    const completion = streamed
      ? await api.chat.completions.stream(asked).finalChatCompletion()
      : await api.chat.completions.create(asked);
    const message = completion.choices[0].message;
    if (!message.tool_calls?.length) return message.content;
    messages.push(message);
    for (const call of message.tool_calls) {
      messages.push({ role: "tool", tool_call_id: call.id, content: await read(JSON.parse(call.function.arguments)) });
    }
  }
}

async function openaiResponses() {
  const { default: OpenAI } = await import("openai");
  const api = new OpenAI({ baseURL: `${gateway}/v1`, apiKey: "k", maxRetries: 0 });
  const tools = [{ type: "function", name: "read_note", description: SAID, parameters: SCHEMA, strict: false }];
  let input = QUESTION;
  let previous;
  for (;;) {
    const asked = { model: "m", input, tools, previous_response_id: previous };
    const response = streamed ? await api.responses.stream(asked).finalResponse() : await api.responses.create(asked);
    const found = response.output.filter((item) => item.type === "function_call");
    if (!found.length) return response.output.filter((item) => item.type === "message").map((item) => item.content[0].text).join("");
    previous = response.id;
    input = [];
    for (const call of found) {
      input.push({ type: "function_call_output", call_id: call.call_id, output: await read(JSON.parse(call.arguments)) });
    }
  }
}

async function anthropicMessages() {
  const { default: Anthropic } = await import("@anthropic-ai/sdk");
  const api = new Anthropic({ baseURL: gateway, apiKey: "k", maxRetries: 0 });
  const tools = [{ name: "read_note", description: SAID, input_schema: SCHEMA }];
  const messages = [{ role: "user", content: QUESTION }];
  for (;;) {
    const asked = { model: "m", max_tokens: 500, messages, tools };
    const message = streamed ? await api.messages.stream(asked).finalMessage() : await api.messages.create(asked);
    const found = message.content.filter((block) => block.type === "tool_use");
    if (!found.length) return message.content.map((block) => block.text ?? "").join("");
    messages.push({ role: "assistant", content: message.content });
    const results = [];
    for (const call of found) results.push({ type: "tool_result", tool_use_id: call.id, content: await read(call.input) });
    messages.push({ role: "user", content: results });
  }
}

async function ollamaChat() {
  const { Ollama } = await import("ollama");
  const api = new Ollama({ host: gateway });
  const tools = [{ type: "function", function: { name: "read_note", description: SAID, parameters: SCHEMA } }];
  const messages = [{ role: "user", content: QUESTION }];
  for (;;) {
    const parts = [];
    if (streamed) for await (const part of await api.chat({ model: "m", messages, tools, stream: true })) parts.push(part);
    else parts.push(await api.chat({ model: "m", messages, tools }));
    const content = parts.map((part) => part.message.content).join("");
    const found = parts.flatMap((part) => part.message.tool_calls ?? []);
    if (!found.length) return content;
    messages.push({ role: "assistant", content, tool_calls: found });
    for (const call of found) {
      messages.push({ role: "tool", tool_name: call.function.name, content: await read(call.function.arguments) });
    }
  }
}

// The AI SDK runs the loop itself, over each of its providers.
async function aiSdk(model) {
  const { generateText, streamText, stepCountIs, tool } = await import("ai");
  const { z } = await import("zod");
  const tools = { read_note: tool({ description: SAID, inputSchema: z.object({ name: z.string() }), execute: read }) };
  const asked = { model, tools, prompt: QUESTION, stopWhen: stepCountIs(4), maxRetries: 0 };
  if (!streamed) return (await generateText(asked)).text;
  let failed;
  const result = streamText({ ...asked, onError: ({ error }) => (failed = error) });
  const steps = await result.steps;
  if (failed) throw failed;
  return steps.at(-1).text;
}

// LangChain's models call tools, and the loop is the caller's.
async function langChain(model) {
  const { HumanMessage, ToolMessage } = await import("@langchain/core/messages");
  const tools = [{ type: "function", function: { name: "read_note", description: SAID, parameters: SCHEMA } }];
  const bound = model.bindTools(tools);
  const messages = [new HumanMessage(QUESTION)];
  for (;;) {
    let message;
    if (streamed) for await (const part of await bound.stream(messages)) message = message ? message.concat(part) : part;
    else message = await bound.invoke(messages);
    if (!message.tool_calls?.length) return message.text;
    messages.push(message);
    for (const call of message.tool_calls) messages.push(new ToolMessage({ tool_call_id: call.id, content: await read(call.args) }));
  }
}

async function langChainOpenAI(more) {
  const { ChatOpenAI } = await import("@langchain/openai");
  return langChain(new ChatOpenAI({ model: "m", apiKey: "k", maxRetries: 0, configuration: { baseURL: `${gateway}/v1` }, ...more }));
}

// The agents SDK runs the loop itself, on either API of OpenAI's.
async function openaiAgents(useResponses) {
  const { Agent, OpenAIProvider, Runner, tool } = await import("@openai/agents");
  const { z } = await import("zod");
  const tools = [tool({ name: "read_note", description: SAID, parameters: z.object({ name: z.string() }), execute: ({ name }) => read({ name }) })];
  const modelProvider = new OpenAIProvider({ apiKey: "k", baseURL: `${gateway}/v1`, useResponses });
  const runner = new Runner({ modelProvider, tracingDisabled: true });
  const result = await runner.run(new Agent({ name: "reader", model: "m", tools }), QUESTION, { stream: streamed });
  if (streamed) await result.completed;
  return result.finalOutput;
}

const CLIENTS = {
  "openai-chat": openaiChat,
  "openai-responses": openaiResponses,
  anthropic: anthropicMessages,
  ollama: ollamaChat,
  "ai-compatible": async () => {
    const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
    return aiSdk(createOpenAICompatible({ name: "gateway", baseURL: `${gateway}/v1`, apiKey: "k" })("m"));
  },
  "ai-openai-responses": async () => {
    const { createOpenAI } = await import("@ai-sdk/openai");
    return aiSdk(createOpenAI({ baseURL: `${gateway}/v1`, apiKey: "k" }).responses("m"));
  },
  "ai-anthropic": async () => {
    const { createAnthropic } = await import("@ai-sdk/anthropic");
    return aiSdk(createAnthropic({ baseURL: `${gateway}/v1`, apiKey: "k" })("m"));
  },
  "langchain-chat": () => langChainOpenAI({}),
  "langchain-responses": () => langChainOpenAI({ useResponsesApi: true }),
  "langchain-anthropic": async () => {
    const { ChatAnthropic } = await import("@langchain/anthropic");
    return langChain(new ChatAnthropic({ model: "m", apiKey: "k", maxRetries: 0, anthropicApiUrl: gateway }));
  },
  "openai-agents-chat": () => openaiAgents(false),
  "openai-agents-responses": () => openaiAgents(true),
};

const answer = await CLIENTS[client]();
console.log(JSON.stringify({ calls, answer }));
