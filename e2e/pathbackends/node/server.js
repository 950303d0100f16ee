// The Node backends: the same four areas served by frameworks and by
// hand-written code that read a path differently. One process, one port each.
//
// On standard output: "listening NAME ADDRESS" for each server, then "ready".
// The process ends when its standard input does, so that it never outlives
// the test that started it.
'use strict';

const http = require('node:http');
const path = require('node:path');

const areas = { '/api/v1/admin': 'admin', '/api/v1/auditflow': 'auditflow', '/public': 'public', '/health': 'health' };

function answer(res, area) {
  res.writeHead(area ? 200 : 404, { 'Content-Type': 'text/plain', 'X-Reached': area || 'none' });
  res.end(`reached: ${area || 'none'}\n`);
}

// areaOf is the routing of the hand-written servers: the first area whose
// path is the whole of p or a parent of it.
function areaOf(p) {
  for (const [prefix, area] of Object.entries(areas)) {
    if (p === prefix || p.startsWith(prefix + '/')) return area;
  }
  return '';
}

function byHand(read) {
  return http.createServer((req, res) => {
    let p;
    try {
      p = read(req.url);
    } catch {
      res.writeHead(400);
      return res.end('reached: none\n');
    }
    answer(res, areaOf(p));
  });
}

function withExpress(express) {
  const app = express();
  app.disable('x-powered-by');
  for (const [prefix, area] of Object.entries(areas)) app.use(prefix, (req, res) => answer(res, area));
  app.use((req, res) => answer(res, ''));
  return http.createServer(app);
}

// Files, not routes: the path is decoded and normalised to a file's name.
function withStatic(express, root) {
  const app = express();
  app.use(express.static(root));
  app.use((req, res) => answer(res, ''));
  return http.createServer(app);
}

async function withFastify(options) {
  const app = require('fastify')({ routerOptions: options });
  for (const [prefix, area] of Object.entries(areas)) {
    const handler = (req, reply) => {
      reply.hijack();
      answer(reply.raw, area);
    };
    app.all(prefix, handler);
    app.all(prefix + '/*', handler);
  }
  await app.ready();
  return app.server;
}

function withKoa() {
  const Koa = require('koa');
  const KoaRouter = require('@koa/router');
  const Router = KoaRouter.Router || KoaRouter;
  const router = new Router();
  for (const [prefix, area] of Object.entries(areas)) {
    const handler = (ctx) => {
      ctx.respond = false;
      answer(ctx.res, area);
    };
    router.all(prefix, handler);
    router.all(prefix + '/{*rest}', handler);
  }
  const app = new Koa();
  app.use(router.routes());
  return http.createServer(app.callback());
}

const untilQuery = (url) => url.split('?')[0];

async function main() {
  const root = process.env.PATHBACKENDS_ROOT;
  const servers = {
    'express-5': withExpress(require('express')),
    'express-4': withExpress(require('express4')),
    'express-static': withStatic(require('express'), root),
    'fastify': await withFastify({}),
    'fastify-lax': await withFastify({ caseSensitive: false, ignoreDuplicateSlashes: true, ignoreTrailingSlash: true, useSemicolonDelimiter: true }),
    'koa-router': withKoa(),
    'node-url': byHand((url) => decodeURIComponent(new URL(url, 'http://backend').pathname)),
    'node-normalize': byHand((url) => path.posix.normalize(decodeURIComponent(untilQuery(url)))),
    'node-windows': byHand((url) => path.win32.normalize(decodeURIComponent(untilQuery(url))).replaceAll('\\', '/').toLowerCase()),
    'node-twice': byHand((url) => path.posix.normalize(decodeURIComponent(decodeURIComponent(untilQuery(url))))),
    'node-lenient': byHand((url) => path.posix.normalize(unescape(untilQuery(url)))),
  };
  for (const [name, server] of Object.entries(servers)) {
    server.keepAliveTimeout = 60_000;
    await new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    console.log(`listening ${name} 127.0.0.1:${server.address().port}`);
  }
  console.log('ready');
}

process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
main().catch((err) => {
  console.error(err);
  process.exit(1);
});
