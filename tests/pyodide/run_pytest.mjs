// Runs pytest in Pyodide: node run_pytest.mjs PYODIDE REPOSITORY SITE_PACKAGES ARGUMENT...
// PYODIDE is the path of pyodide.mjs. The two directories are mounted; pytest is pure Python, so any version runs it.
import { pathToFileURL } from "node:url";

const [pyodidePath, repository, sitePackages, ...pytestArguments] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(pyodidePath));
const python = await loadPyodide();
python.mountNodeFS("/repository", repository);
python.mountNodeFS("/site-packages", sitePackages);
const run = python.runPython(`
import os, sys

def run(arguments):
    sys.path[:0] = ["/repository", "/repository/transports"]
    sys.path.append("/site-packages")
    sys.dont_write_bytecode = True
    os.chdir("/repository")
    # Plugins need what there is not: threads, signals and C extensions for another platform.
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    import pytest
    print("Python", sys.version)
    return int(pytest.main(list(arguments)))

run
`);
process.exitCode = run(pytestArguments);
