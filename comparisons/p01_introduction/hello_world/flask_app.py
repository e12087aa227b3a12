from flask import Flask

app = Flask(__name__)  # [1]


@app.get("/")  # [2]
def hello() -> dict[str, str]:
    return {"message": "Hello, world"}  # [4]


@app.get("/double/<int:number>")  # [3]
def double(number: int) -> dict[str, int]:
    return {"double": number * 2}
