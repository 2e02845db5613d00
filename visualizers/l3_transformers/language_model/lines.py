"""The same with the library transformers, in a few lines."""

from __future__ import annotations

from visualizers.l3_transformers.language_model.panel import Params

SMOLLM2 = "HuggingFaceTB/SmolLM2-135M-Instruct"


def few_shots(params: Params) -> str:
    """So many of the examples, and then the question."""
    return "\n".join([*params.examples.splitlines()[: params.shots], params.question])


def five_lines(params: Params, source: str) -> str:
    """Code that writes as this panel does, with the values of the moment.

    Args:
        source: a name on the hub, or a folder.
    """
    if params.form == "chat":
        turns = [{"role": "user", "content": params.prompt}]
        given = f"""tokenizer.apply_chat_template(
    {turns!r}, add_generation_prompt=True, return_tensors="pt", return_dict=True)"""
    else:
        text = few_shots(params) if params.form == "few shots" else params.prompt
        given = f'tokenizer({text!r}, return_tensors="pt")'
    draw = "do_sample=False" if params.temperature == 0 else (
        f"do_sample=True, temperature={round(params.temperature, 4)!r},\n"
        f"                         top_k={params.top_k}, top_p={round(params.top_p, 4)!r}")
    return f"""from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained({source!r})
model = AutoModelForCausalLM.from_pretrained({source!r})
given = {given}
written = model.generate(**given, max_new_tokens={params.length}, use_cache={params.cache},
                         {draw})
print(tokenizer.decode(written[0]))
"""
