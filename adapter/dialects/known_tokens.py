"""The special tokens and markers of all families that templates are known for, in one table (behaviour 4.5).

A chat server renders the conversation with a template of its own, which the adapter does not see. So untrusted text may hold no
token of any family. A test holds the table against the front matter of every template: whoever adds a template with new tokens
adds the tokens below. Tokens of media are from the processors of the families in transformers, vLLM and SGLang.
"""

from __future__ import annotations

from typing import NamedTuple


class Form(NamedTuple):
    """A form of tokens.

    Attributes:
        first: The first character of the tokens.
        rest: A pattern of the further characters, whose number is bounded.
        known: Tokens in the form; a text may end with the first half of one, or begin with the second.
    """

    first: str
    rest: str
    known: tuple[str, ...]


def _each(words: str, *shapes: str) -> tuple[str, ...]:
    return tuple(shape.format(word) for shape in shapes for word in words.split())


_MEDIA_AND_TURNS = "turn channel tool tool_call tool_response image audio video"

FORMS = (
    Form(
        "<",
        r"\|[\w/|:.-]{1,60}>",
        (
            *_each(
                """
                im_start im_end im_sep im_user im_system im_assistant im_middle endoftext end_of_text begin_of_text startoftext
                start end message channel call return constrain start_header_id end_header_id eot_id eom_id python_tag
                header_start header_end eot eom python_start python_end system user assistant observation tool /tool tool_call
                /tool_call tool_response start_of_role end_of_role role_sep message_sep function_call open close sep end_of_msg
                tool_calls_section_begin tool_calls_section_end tool_call_begin tool_call_end tool_call_argument_begin
                START_OF_TURN_TOKEN END_OF_TURN_TOKEN SYSTEM_TOKEN USER_TOKEN CHATBOT_TOKEN START_ACTION END_ACTION
                START_TOOL_RESULT END_TOOL_RESULT START_RESPONSE END_RESPONSE START_THINKING END_THINKING START_TEXT END_TEXT
                tools_prefix tools_suffix inner_prefix inner_suffix begin_user begin_system begin_assistant begin_content
                begin_tool_result user_start user_end assistant_start assistant_end system_start system_end developer_start
                developer_end action_start action_end plugin interpreter tool_call_section_begin tool_call_section_end
                tool_call_start tool_response_start tool_response_end tool_list_start tool_list_end extra_0 extra_4
                finetune_right_pad_id eos bom think vision_start vision_end image_pad image media_begin media_end
                message_user message_model message_system message_tool content_text content_thinking content_xml content_image
                content_audio_input content_invoke_tool content_invoke_tool_json content_invoke_tool_text content_tool_error
                content_model_end_sampling end_message audio_end model_trigger_generation
                """,
                "<|{}|>",
            ),
            *_each(_MEDIA_AND_TURNS, "<|{}>"),
        ),
    ),
    Form("<", r"\w{1,40}\|>", _each(_MEDIA_AND_TURNS, "<{}|>")),
    Form(
        "<",
        r"｜[^｜<>\s]{1,60}｜",
        (
            *_each(
                """
                User Assistant System begin▁of▁sentence end▁of▁sentence tool▁calls▁begin tool▁calls▁end tool▁call▁begin
                tool▁call▁end tool▁sep tool▁outputs▁begin tool▁outputs▁end tool▁output▁begin tool▁output▁end latest_reminder
                action query title authority domain read_url deepseek_image
                BOT EOT tool_calls_begin tool_calls_end tool_call_begin tool_call_end tool_sep
                """,
                "<｜{}｜>",
            ),
            "<｜DSML｜",
        ),
    ),
    Form(
        "<",
        r"/?longcat_\w{1,40}>",
        _each("s system user assistant think tool_call tool_response", "<longcat_{}>", "</longcat_{}>"),
    ),
    Form("<", r"SPECIAL_\d{1,4}>", _each("10 11 12", "<SPECIAL_{}>")),
    Form(
        "]",
        r"<\][^\[\]<>]{1,40}\[>\[",
        ("]<]minimax[>[", "]<]image[>[", "]<]video[>[", "]<]start of image[>[", "]<]end of image[>["),
    ),
)

# Tokens and markers in no form.
LITERALS = (
    *_each(
        """
        tool_call tool_calls tool_response tool_responses tool_result tools think arg_key arg_value available_tools
        AVAILABLE_TOOLS TOOLCALL TOOL_RESPONSE function_calls function_results minimax:tool_call mm:think seed:bos seed:eos
        seed:pad seed:think seed:tool_call seed:cot_budget_reflect atem:function_calls
        """,
        "<{}>",
        "</{}>",
    ),
    *_each(
        """
        BOS_TOKEN EOS_TOKEN bos eos sop eop escape tool_sep function_call start_of_turn end_of_turn start_of_image end_of_image
        start_of_audio end_of_audio image_soft_token audio_soft_token start_function_call end_function_call
        start_function_declaration end_function_declaration start_function_response end_function_response
        """,
        "<{}>",
    ),
    *_each("INST TOOL_CALLS TOOL_RESULTS AVAILABLE_TOOLS SYSTEM_PROMPT MODEL_SETTINGS THINK", "[{}]", "[/{}]"),
    *_each(
        """
        ARGS CALL_ID TOOL_CONTENT BOS EOS EOT gMASK sMASK IMG IMG_BREAK IMG_END AUDIO BEGIN_AUDIO TRANSCRIBE start_header_id
        end_header_id
        """,
        "[{}]",
    ),
    *("[BEGIN FINAL RESPONSE]", "[END FINAL RESPONSE]", "[e~[", "]~b]", "]~!b[", "]!p~[", "]!d~["),
    *("<function=", "<parameter=", "<atem:invoke", "</atem:invoke>", "<atem:parameter", "</atem:parameter>"),
    *("<steptml:invoke", "</steptml:invoke>", "<steptml:parameter", "</steptml:parameter>"),
    *('<|"|>', "<|DSML|", "</|DSML|", "</｜DSML｜"),
)

KNOWN = frozenset({*LITERALS, *(token for form in FORMS for token in form.known)})

# Markers of templates that ordinary text holds: XML, HTML, prose, code. Only where the dialect or the chat template in use has
# them are they broken.
ORDINARY = frozenset(
    {
        *("<s>", "</s>", "<answer>", "</answer>", "<response>", "</response>", "<functions>", "</functions>", "</function>"),
        *("<invoke ", "</invoke>", "<parameter ", "</parameter>", "<function name=", "<param ", "functools[", ">>>"),
        "Here are my reasoning steps:",
        *("\nUser:", "\nSystem:", "\nTool:", "\nAssistant:"),
    }
)
