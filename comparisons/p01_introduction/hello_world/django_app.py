from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.http import require_safe

settings.configure(
    ALLOWED_HOSTS=["localhost"],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    ROOT_URLCONF=__name__,
)


def hello(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"message": "Hello, world"})  # [4]


def double(request: HttpRequest, number: int) -> JsonResponse:
    return JsonResponse({"double": number * 2})


urlpatterns = [
    path("", require_safe(hello)),  # [2]
    path("double/<int:number>", require_safe(double)),  # [3]
]
wsgi = get_wsgi_application()  # [1]
asgi = get_asgi_application()
