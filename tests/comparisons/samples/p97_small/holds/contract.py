from comparisons.contract import Contract, http

CONTRACT = Contract(
    question="Is it so?",
    leaves=["sample"],
    beats={1: "the app"},
    stacks=["raw_asgi"],
    steps=[http("GET", "/", leaf="sample").answers(200, {}, b"")],
)
