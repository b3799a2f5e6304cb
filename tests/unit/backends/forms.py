"""Describes the fields of a form in one line each, without the texts that the pages of the reference have."""

from bot.backends.base import FormField


def describe(field: FormField) -> str:
    """Returns all that decides how a field works, such as "Basics: lookup, required, reloads, argument=template"."""
    parts = [field.widget]
    parts += [name for name in ("required", "secret", "reloads", "sent_empty", "finds_targets") if getattr(field, name)]
    parts += [f"argument={field.argument}"] if field.argument else []
    parts += [f"api={field.api_name}"] if field.api_name != field.name else []
    parts += [f"default={field.default!r}"] if field.default is not None else []
    parts += [f"choices={'/'.join(choice.value for choice in field.choices)}"] if field.choices else []
    parts += [f"if {name} in {'/'.join(map(str, values))}" for name, values in field.relevant_if.items()]
    return f"{field.section}: {', '.join(parts)}"
