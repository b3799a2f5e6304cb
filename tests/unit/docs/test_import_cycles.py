"""No two modules of the product import each other, directly or through others."""

import grimp


def test_no_module_is_part_of_a_cycle():
    graph = grimp.build_graph("bot", "handlers", "blocks", "playground")
    imports = {module: set(graph.find_modules_directly_imported_by(module)) for module in graph.modules}
    while free := {module for module, needed in imports.items() if not needed}:
        imports = {module: needed - free for module, needed in imports.items() if module not in free}
    assert imports == {}, "these modules, or modules that they import, form a cycle"


def test_only_the_playground_and_the_demo_command_import_the_playground():
    graph = grimp.build_graph("bot", "handlers", "blocks", "playground")
    importers = {
        importer
        for module in graph.modules
        if module.partition(".")[0] == "playground"
        for importer in graph.find_modules_that_directly_import(module)
    }
    assert {importer for importer in importers if importer.partition(".")[0] != "playground"} == {"bot.cli"}
