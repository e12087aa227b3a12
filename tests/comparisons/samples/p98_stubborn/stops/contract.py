from comparisons.contract import Contract, http

CONTRACT = Contract(
    question="Does the runner end what does not want to end?",
    leaves=["sample"],
    beats={1: "the app"},
    stacks=["raw_asgi"],
    steps=[http("GET", "/").answers(200)],
)
