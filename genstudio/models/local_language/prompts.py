"""Writes a conversation as a model wants it: by the chat template that it brings.

A template is a program of a stranger: it runs in a sandbox of Jinja that reaches no attributes and
changes nothing.
"""

from importlib import import_module

from genstudio.domain.errors import SettingsError

_LARGEST_TEMPLATE = 2**20
_MOST_CHARACTERS = 2**22


def conversation(template: str, *, system: str, request: str, bos: str = "", eos: str = "") -> str:
    """Write what is asked for, so that the model's answer comes next.

    Args:
        template: Of the model; where it is empty, the texts follow each other plainly.
        system: What holds for all of it; may be empty.
        request: What is asked for.
        bos: How the model writes the beginning of a text.
        eos: How it writes its end.

    Raises:
        SettingsError: The template cannot be used.
    """
    if not template:
        return "\n\n".join(part for part in (system.strip(), request) if part)
    try:
        jinja2 = import_module("jinja2")
        sandbox = import_module("jinja2.sandbox")
    except ImportError as error:
        raise _unusable("Jinja, which reads it, is not installed.") from error

    if len(template) > _LARGEST_TEMPLATE:
        raise _unusable("It is too long.")

    def refuse(message: str) -> None:
        raise jinja2.TemplateError(message)

    environment = sandbox.ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    environment.globals["raise_exception"] = refuse
    told = [{"role": "system", "content": system.strip()}] if system.strip() else []
    asked = [{"role": "user", "content": request}]
    # Some models know no system text: then it stands before the request.
    joined = [{"role": "user", "content": f"{system.strip()}\n\n{request}".strip()}]
    error: Exception | None = None
    for messages in ([*told, *asked], joined):
        try:
            text = environment.from_string(template).render(
                messages=messages, add_generation_prompt=True, bos_token=bos, eos_token=eos
            )
        except (
            jinja2.TemplateError,
            TypeError,
            ValueError,
            AttributeError,
            RecursionError,
        ) as caught:
            error = caught
            continue
        if len(text) > _MOST_CHARACTERS:
            raise _unusable("It writes without end.")
        return text
    raise _unusable(str(error)[:200])


def _unusable(why: str) -> SettingsError:
    return SettingsError(
        "The chat template of the language model cannot be used",
        why,
        "Switch the chat template off, or take another model.",
    )
