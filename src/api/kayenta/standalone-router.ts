import { Router } from 'express';
import { actorOf } from '../context.ts';
import type { components } from '../schema.gen.ts';
import type { KayentaDeps } from './deps.ts';
import { kayentaPaths } from './paths.ts';
import { readStandalone } from './read-standalone.ts';
import { writeStandalone } from './write-standalone.ts';

/** The routes of standalone analyses: one call for a whole lifetime. */
export function createStandaloneRouter({ canaries, now }: KayentaDeps): Router {
  const router = Router();
  const [all, one] = [
    kayentaPaths('/standalone_canary_analysis'),
    kayentaPaths('/standalone_canary_analysis/:id'),
  ];
  router.post(all, async (request, response) => {
    const { canaryConfig, executionRequest } =
      request.body as components['schemas']['KayentaAdHocStandalone'];
    const asked = readStandalone(request, executionRequest, { body: canaryConfig }, now());
    response.json({ canaryAnalysisExecutionId: await canaries.start(asked, actorOf(response)) });
  });
  router.post(one, async (request, response) => {
    const asked = readStandalone(request, request.body, { id: String(request.params['id']) }, now());
    response.json({ canaryAnalysisExecutionId: await canaries.start(asked, actorOf(response)) });
  });
  router.get(one, async (request, response) => {
    const id = String(request.params['id']);
    response.json(writeStandalone(await canaries.get(id, actorOf(response)), id));
  });
  return router;
}
