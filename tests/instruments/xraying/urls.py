"""A path in -> a view of Django out."""

from django.http import HttpRequest, HttpResponse
from django.urls import path


def view(request: HttpRequest, number: int) -> HttpResponse:
    return HttpResponse(f"number is {number}")


urlpatterns = [path("django/<int:number>", view)]
