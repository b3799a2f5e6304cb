"""The objects of the sandbox Foreman: templates, hosts, features, bookmarks, organizations and locations."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

SITES = (("Berlin", "ber"), ("New York", "nyc"), ("Singapore", "sin"))
_SYSTEMS = (("RedHat", "9.4"), ("RedHat", "8.10"), ("Debian", "12"), ("Ubuntu", "24.04"))
_GROUPS = ("web", "db", "app", "cache", "batch")


@dataclass(frozen=True, slots=True)
class TemplateInput:
    """An input of a template."""

    id: int
    name: str
    required: bool = False
    default: str | None = None
    options: tuple[str, ...] = ()
    hidden: bool = False
    description: str = ""
    input_type: str = "user"


@dataclass(frozen=True, slots=True)
class ForeignInputSet:
    """Inputs taken over from another template; ``include`` and ``exclude`` are comma lists."""

    id: int
    target: int
    include_all: bool = True
    include: str = ""
    exclude: str = ""


@dataclass(frozen=True, slots=True)
class JobTemplate:
    """A job template. ``user`` is its effective user, where it names one; ``text`` is its script."""

    id: int
    name: str
    category: str
    provider: str = "script"
    description_format: str | None = None
    user: str | None = None
    current_user: bool = False
    overridable: bool = False
    inputs: tuple[TemplateInput, ...] = ()
    foreign: tuple[ForeignInputSet, ...] = ()
    snippet: bool = False
    text: str = "<%= input('command') %>"


@dataclass(frozen=True, slots=True)
class Host:
    """A managed host."""

    id: int
    name: str
    os: str
    version: str
    hostgroup: str
    location: str
    organization: str
    ip: str
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Feature:
    """A remote execution feature and the template assigned to it."""

    id: int
    label: str
    name: str
    template: int | None


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A saved search."""

    id: int
    name: str
    query: str
    controller: str = "hosts"


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """An organization or a location."""

    id: int
    name: str


@dataclass(slots=True)
class World:
    """Everything that exists before the first job; tests may change the lists."""

    templates: list[JobTemplate]
    hosts: list[Host]
    features: list[Feature]
    bookmarks: list[Bookmark]
    organizations: list[Taxonomy]
    locations: list[Taxonomy]

    def template(self, template_id: Any) -> JobTemplate | None:
        """A template by its id, a number or numeric text."""
        return next((t for t in self.templates if str(t.id) == str(template_id)), None)

    def change_template(self, template_id: int, **changes: Any) -> None:
        """Edit a template, as somebody would in Foreman: its name, its text, its inputs."""
        self.templates = [replace(t, **changes) if t.id == template_id else t for t in self.templates]

    def point_feature(self, label: str, template_id: int | None) -> None:
        """Assign another template to a feature."""
        self.features = [replace(f, template=template_id) if f.label == label else f for f in self.features]

    def change_bookmark(self, bookmark_id: int, query: str) -> None:
        """Save another search under a bookmark."""
        self.bookmarks = [replace(b, query=query) if b.id == bookmark_id else b for b in self.bookmarks]

    def inputs_of(self, template: JobTemplate, ancestors: frozenset[int] = frozenset()) -> tuple[TemplateInput, ...]:
        """Own and inherited inputs."""
        found = {item.name: item for item in template.inputs}
        for inherited in template.foreign:
            target = self.template(inherited.target)
            if target is None or target.id in ancestors:
                continue
            for item in self.inputs_of(target, ancestors | {template.id}):
                wanted = inherited.include_all or item.name in _names(inherited.include)
                if wanted and item.name not in _names(inherited.exclude):
                    found.setdefault(item.name, item)
        return tuple(found.values())


def default_world(hosts: int = 40) -> World:
    """A small company's Foreman with Katello and Ansible."""
    return World(
        templates=_templates(),
        hosts=[_host(number) for number in range(1, hosts + 1)],
        features=[
            Feature(1, "run_script", "Run Script", 189),
            Feature(2, "katello_package_install", "Katello: Install Package", 201),
            Feature(3, "puppet_run_host", "Run Puppet Once", None),
        ],
        bookmarks=[
            Bookmark(1, "web servers", "hostgroup = web"),
            Bookmark(2, "Berlin", "location = Berlin"),
            Bookmark(3, "failed reports", "eventful = true", controller="config_reports"),
        ],
        organizations=[Taxonomy(1, "Example Org"), Taxonomy(2, "Subsidiary")],
        locations=[Taxonomy(number, name) for number, (name, _) in enumerate(SITES, 11)],
    )


def _host(number: int) -> Host:
    group = _GROUPS[number % len(_GROUPS)]
    place, short = SITES[number % len(SITES)]
    system, version = _SYSTEMS[number % len(_SYSTEMS)]
    return Host(
        id=number,
        name=f"{group}{number:02d}.{short}.example.com",
        os=system,
        version=version,
        hostgroup=group,
        location=place,
        organization="Example Org" if number % 10 else "Subsidiary",
        ip=f"10.{number // 65536}.{number // 256 % 256}.{number % 256}",
        params={"tier": "production" if number % 4 else "test"},
    )


def _templates() -> list[JobTemplate]:
    command = TemplateInput(1, "command", required=True, description="The command to run.")
    action = TemplateInput(2, "action", True, "restart", ("restart", "start", "stop", "status"))
    service = TemplateInput(3, "service", required=True, description="The name of the service.")
    package_actions = ("install", "update", "remove", "group install", "group remove")
    package_action = TemplateInput(4, "action", True, "install", package_actions)
    package = TemplateInput(5, "package", description="The names of the packages.")
    options = TemplateInput(6, "options", description="More options for the package manager.")
    reboot = TemplateInput(7, "action", True, "restart", ("restart", "shutdown"))
    user = TemplateInput(8, "username", required=True, description="Whose password changes.")
    secret = TemplateInput(9, "new password", required=True, hidden=True, description="The new password.")
    search = TemplateInput(10, "Package search query", description="Which packages, as a search.")
    return [
        JobTemplate(
            189,
            "Run Command - Script Default",
            "Commands",
            description_format="Run %{command}",
            overridable=True,
            inputs=(command,),
        ),
        JobTemplate(190, "Service Action - Script Default", "Services", inputs=(action, service), user="root"),
        JobTemplate(191, "Package Action - Script Default", "Packages", inputs=(package_action, package, options)),
        JobTemplate(192, "Power Action - Script Default", "Power", inputs=(reboot,), user="root"),
        JobTemplate(193, "Run Command - Ansible Default", "Ansible Commands", provider="Ansible", inputs=(command,)),
        JobTemplate(
            201,
            "Install Package - Katello Script Default",
            "Katello",
            foreign=(ForeignInputSet(1, 191, exclude="action"),),
        ),
        JobTemplate(202, "Install Packages by search query - Katello Script Default", "Katello", inputs=(search,)),
        JobTemplate(210, "Change Local Password", "Accounts", overridable=True, inputs=(user, secret)),
        JobTemplate(220, "Package manager snippet", "Snippets", snippet=True),
    ]


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
