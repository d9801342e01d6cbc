import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Options, pinoHttp } from 'pino-http';
import type { Logger } from './logger.ts';
import { loggablePath } from './redaction.ts';

/** Asked so often, by machines, that a line for each would bury the others. */
const quietPaths: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

function pathOf(request: IncomingMessage, tokenRoutes: readonly string[]): string {
  const original = 'originalUrl' in request ? request.originalUrl : request.url;
  return loggablePath(typeof original === 'string' ? original : '', tokenRoutes);
}

function levelOf(request: IncomingMessage, response: ServerResponse): 'debug' | 'info' | 'warn' | 'error' {
  if (response.statusCode >= 500) return 'error';
  if (response.statusCode >= 400) return 'warn';
  return quietPaths.has(pathOf(request, [])) ? 'debug' : 'info';
}

/** What a line says of a request: never headers, bodies or query strings, and paths without tokens. */
function describe(
  request: IncomingMessage,
  response: ServerResponse,
  timed: { responseTime?: number },
  tokenRoutes: readonly string[],
): object {
  return {
    method: request.method,
    path: pathOf(request, tokenRoutes),
    status: response.statusCode,
    milliseconds: timed.responseTime,
    remote: request.socket.remoteAddress,
    ...(response.writableFinished ? {} : { callerLeft: true }),
  };
}

/**
 * A middleware that writes one line for each request when its answer is done or its caller has gone.
 *
 * @param requestIdOf - tells the id under which the request is known
 * @param tokenRoutes - templates of routes that have a segment `{token}`, which no line shows
 */
export function createHttpLog(
  logger: Logger,
  requestIdOf: (request: IncomingMessage, response: ServerResponse) => string,
  tokenRoutes: readonly string[],
): (request: IncomingMessage, response: ServerResponse, next: () => void) => void {
  const options: Options = {
    logger,
    genReqId: requestIdOf,
    customAttributeKeys: { reqId: 'requestId' },
    quietReqLogger: true,
    quietResLogger: true,
    customLogLevel: levelOf,
    customSuccessMessage: () => 'request answered',
    customErrorMessage: () => 'request answered with an error',
    customSuccessObject: (request, response, timed) => describe(request, response, timed, tokenRoutes),
    customErrorObject: (request, response, _error, timed) => describe(request, response, timed, tokenRoutes),
    // The request's own headers and URL stay out of every child logger.
    serializers: { req: () => undefined },
  };
  return pinoHttp(options);
}
