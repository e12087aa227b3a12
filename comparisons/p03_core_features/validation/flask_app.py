from typing import Any

from flask import Flask, request
from pydantic import BaseModel, Field, ValidationError

app = Flask(__name__)


class Item(BaseModel):  # [1]
    name: str = Field(min_length=1)
    price: float = Field(gt=0)
    tags: list[str] = []


class Options(BaseModel):
    times: int = Field(1, ge=1)


@app.put("/items/<int:item_id>")  # [2]
def put_item(item_id: int) -> dict[str, Any]:
    options = Options.model_validate(request.args.to_dict())  # [3]
    item = Item.model_validate(request.get_json())  # [4]
    return {"id": item_id, "times": options.times, **item.model_dump()}


@app.errorhandler(ValidationError)
def invalid(error: ValidationError) -> tuple[dict[str, Any], int]:  # [5]
    return {"detail": error.errors(include_url=False)}, 422
