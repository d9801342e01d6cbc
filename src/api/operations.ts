import type { RequestHandler } from 'express';
import { SerinError } from '../errors.ts';
import { contextOf } from './context.ts';
import type { Operation, Spec } from './spec.ts';

type Route = {
  readonly pattern: RegExp;
  readonly byMethod: ReadonlyMap<string, Operation>;
  readonly allow: string;
};

function toPattern(route: string): RegExp {
  const literal = route.split(/\{[^}]+\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${literal.join('[^/]+')}/?$`);
}

function readRoutes(spec: Spec): readonly Route[] {
  return Object.entries(spec.paths).map(([route, item]) => {
    const byMethod = new Map<string, Operation>();
    for (const [method, operation] of Object.entries(item)) {
      if (operation?.operationId === undefined) continue;
      byMethod.set(method.toUpperCase(), { id: operation.operationId, route, spec: operation });
    }
    const methods = [...byMethod.keys()];
    const allow = [...methods, ...(byMethod.has('GET') ? ['HEAD'] : [])].join(', ');
    return { pattern: toPattern(route), byMethod, allow };
  });
}

/**
 * A middleware that finds the operation a request asks for, before anything of it is read. A known path with another
 * method is `method_not_allowed`, with `Allow`; an unknown path goes on, for somebody else may serve it. HEAD is
 * answered as GET (the platform leaves the body out).
 */
export function findOperation(spec: Spec): RequestHandler {
  const routes = readRoutes(spec);
  return (request, response, next) => {
    const route = routes.find(({ pattern }) => pattern.test(request.path));
    if (route === undefined) {
      next();
      return;
    }
    if (request.method === 'HEAD' && route.byMethod.has('GET')) request.method = 'GET';
    const operation = route.byMethod.get(request.method);
    if (operation === undefined) {
      response.setHeader('Allow', route.allow);
      throw new SerinError('method_not_allowed', `found ${request.method}; allowed here are ${route.allow}`);
    }
    contextOf(response).operation = operation;
    next();
  };
}
