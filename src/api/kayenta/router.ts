import { Router } from 'express';
import { createCanariesRouter } from './canaries-router.ts';
import { createConfigsRouter } from './configs-router.ts';
import type { KayentaDeps } from './deps.ts';
import { createJudgeRoutes } from './judge-router.ts';
import { createStandaloneRouter } from './standalone-router.ts';

/** Everything that clients of Kayenta call, under `/kayenta` and `/kayenta/t/{token}`. */
export function createKayentaRouter(deps: KayentaDeps): Router {
  const router = Router();
  router.use(createConfigsRouter(deps));
  router.use(createCanariesRouter(deps));
  router.use(createStandaloneRouter(deps));
  router.use(createJudgeRoutes(deps));
  return router;
}
