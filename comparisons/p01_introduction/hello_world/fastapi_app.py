from fastapi import FastAPI

app = FastAPI()  # [1]


@app.get("/")  # [2]
async def hello() -> dict[str, str]:
    return {"message": "Hello, world"}  # [4]


@app.get("/double/{number}")
async def double(number: int) -> dict[str, int]:  # [3]
    return {"double": number * 2}
