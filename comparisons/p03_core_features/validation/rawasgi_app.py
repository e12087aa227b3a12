from typing import Annotated, Any

from pydantic import BaseModel, Field

from rawasgi import App, Query

app = App()


class Item(BaseModel):  # [1]
    name: str = Field(min_length=1)
    price: float = Field(gt=0)
    tags: list[str] = []


@app.put("/items/{item_id}")
async def put_item(
    item_id: int,  # [2]
    item: Item,  # [4]
    times: Annotated[int, Query(ge=1)] = 1,  # [3]
) -> dict[str, Any]:
    return {"id": item_id, "times": times, **item.model_dump()}
