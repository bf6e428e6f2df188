"""Reinforcement learning with verl: a tool parser that reads calls as the served model's calls are read.

Interface: the tool parsers of verl 0.9 (`verl/experimental/agent_loop/tool_parser.py`). verl's workers import this module and
find the parser by its name:

    export VERL_USE_EXTERNAL_MODULES=verl_tools
    python -m verl.trainer.main_ppo … actor_rollout_ref.rollout.multi_turn.format=adapter-hermes
"""

from adapter.training.verl import register

register("adapter-hermes", dialect="hermes")
# For a model whose chat template ends the prompt with the opening tag of its thinking:
register("adapter-qwen3-thinking", dialect="hermes", thinking_prefilled=True)
