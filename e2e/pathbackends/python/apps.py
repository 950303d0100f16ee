"""The Python applications: the same four areas in Flask, Starlette, Django and aiohttp.

Every answer names the area whose handler ran, in the body and in X-Reached.
"""

AREAS = {
    "/api/v1/admin": "admin",
    "/api/v1/auditflow": "auditflow",
    "/public": "public",
    "/health": "health",
}
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]


def body(area):
    return f"reached: {area}\n"


def flask_app():
    import flask

    app = flask.Flask("pathbackends", static_folder=None)

    def handler(area):
        def view(rest=None):
            return flask.Response(body(area), mimetype="text/plain", headers={"X-Reached": area})

        return view

    for prefix, area in AREAS.items():
        view = handler(area)
        options = {"endpoint": area, "view_func": view, "methods": METHODS, "provide_automatic_options": False}
        app.add_url_rule(prefix, **options)
        app.add_url_rule(prefix + "/<path:rest>", **options)
        app.add_url_rule(prefix + "/", **options)
    return app


def starlette_app():
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    def handler(area):
        async def endpoint(request):
            return PlainTextResponse(body(area), headers={"X-Reached": area})

        return endpoint

    routes = []
    for prefix, area in AREAS.items():
        routes.append(Route(prefix, handler(area), methods=METHODS))
        routes.append(Route(prefix + "/{rest:path}", handler(area), methods=METHODS))
    return Starlette(routes=routes)


def starlette_files(root):
    from starlette.applications import Starlette
    from starlette.routing import Mount
    from starlette.staticfiles import StaticFiles

    return Starlette(routes=[Mount("/", StaticFiles(directory=root, html=True))])


def django_app():
    import django
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler
    from django.http import HttpResponse
    from django.urls import re_path

    def handler(area):
        def view(request, **kwargs):
            return HttpResponse(body(area), content_type="text/plain", headers={"X-Reached": area})

        return view

    class Urls:
        urlpatterns = [re_path("^" + prefix[1:] + "(?:/|$)", handler(area)) for prefix, area in AREAS.items()]

    settings.configure(
        ALLOWED_HOSTS=["*"], ROOT_URLCONF=Urls, MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
        LOGGING_CONFIG=None, SECRET_KEY="loopback only",
    )
    django.setup()
    return WSGIHandler()


def aiohttp_app():
    from aiohttp import web

    def handler(area):
        async def view(request):
            return web.Response(text=body(area), headers={"X-Reached": area})

        return view

    app = web.Application()
    for prefix, area in AREAS.items():
        app.router.add_route("*", prefix, handler(area))
        app.router.add_route("*", prefix + "/{rest:.*}", handler(area))
    return app


# gunicorn imports this module and asks for this name.
def flask_for_gunicorn():
    return flask_app()
