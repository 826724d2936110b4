"""Check the state of the stack before a deployment."""

from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.deploying.findings import Preflight
from kolom_cli.deploying.stack import Stack, refuse_other, remaining_data


def check_stack(result: Preflight, name: str) -> None:
    """Report a stack that cannot be deployed, and what a deployment does with one that failed."""
    stack = result.stack
    if stack is None or stack.condition == "new":
        result.add("ok", "stack", f"{name} does not exist yet")
        return
    try:
        refuse_other(stack)
    except DeploymentError as error:
        result.add("problem", "stack", error.text, error.fix)
        return
    match stack.condition:
        case "ready":
            result.add("ok", "stack", f"{name} can be updated ({stack.status})")
        case "busy":
            result.add("ok", "stack", f"an operation is running ({stack.status}); it is waited for")
        case "creation failed":
            _check_remains(result, stack)
        case "rollback failed":
            result.add("warning", "stack", f"the rollback of {name} failed", "`kolom deploy` continues it")
        case "deletion failed":
            result.add("problem", "stack", f"{name} is deleted in part", "run `kolom destroy` again, then deploy")
        case "stopped":
            fix = f"roll it back: aws cloudformation rollback-stack --stack-name {name}"
            result.add("problem", "stack", f"{name} was stopped in the middle of an operation ({stack.status})", fix)


def _check_remains(result: Preflight, stack: Stack) -> None:
    if left := remaining_data(stack):
        result.add(
            "problem",
            "stack",
            f"the creation of {stack.name} failed, and it still has {', '.join(left)} ({stack.status})",
            "check that they are empty, and run `kolom destroy`, then deploy",
        )
    else:
        result.add("warning", "stack", f"the creation of {stack.name} failed", "`kolom deploy` removes what is left")
