import { type Request, Router } from 'express';
import type { Changes } from '../../ledger/changes.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { contextOf } from '../context.ts';
import type { HookHouse } from '../hook-house.ts';
import { admitSigned, type SignedDeps } from '../signed.ts';
import { readDeployment } from './deployment.ts';

export type GitlabDeps = SignedDeps & {
  readonly changes: Pick<Changes, 'report'>;
  readonly house: () => HookHouse;
  readonly metrics: Pick<Metrics, 'authFailure' | 'hookEvent'>;
};

/** The newer webhooks are signed, the others carry the secret itself; either is proof of it. */
function schemeOf(request: Request): 'standard-webhooks' | 'plain-token' {
  return request.get('webhook-signature') === undefined ? 'plain-token' : 'standard-webhooks';
}

/**
 * Takes GitLab's deployment webhooks. Other webhooks, unknown projects and repetitions are accepted as well, for
 * GitLab switches off a webhook that is refused a few times.
 */
export function createGitlabRouter(deps: GitlabDeps): Router {
  const router = Router();
  router.post('/v1/hooks/gitlab', async (request, response) => {
    const house = deps.house();
    const signer = { source: 'gitlab', config: house.webhooks.gitlab, scheme: schemeOf } as const;
    const by = await admitSigned(signer, request, response, deps);
    const isDeployment = request.body.object_kind === 'deployment';
    const report = isDeployment ? readDeployment(request.body, house) : null;
    if (report !== null) await deps.changes.report([report], by);
    const outcome = report === null ? 'ignored' : 'recorded';
    deps.metrics.hookEvent('gitlab', isDeployment ? 'deployment' : 'other', outcome);
    if (report === null && isDeployment) {
      const project: unknown = request.body.project?.path_with_namespace;
      const { requestId } = contextOf(response);
      deps.logger.info({ requestId, project }, 'a deployment of GitLab concerned nothing here');
    }
    response.status(202).json({ accepted: true });
  });
  return router;
}
