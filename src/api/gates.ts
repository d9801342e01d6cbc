import { Router } from 'express';
import { type InputIssue, invalidInput } from '../errors.ts';
import type { GateQuestion, Gates } from '../gate/gates.ts';
import { readFacts } from './analyses/start-request.ts';
import { actorOf } from './context.ts';
import type { components } from './schema.gen.ts';

type Schemas = components['schemas'];

function readQuestion(body: Schemas['EvaluateGate']): GateQuestion {
  const issues: InputIssue[] = [];
  const { service, environment, analysisId = null } = body;
  const change = readFacts(body.change ?? {}, 'change.', issues);
  const isNamed = change.version ?? change.commit ?? change.artifact ?? analysisId;
  if (isNamed === null || isNamed === undefined)
    issues.push({
      path: 'change',
      message: 'names nothing; give its version, commit or artifact, or an analysisId',
    });
  if (issues.length > 0) throw invalidInput(issues);
  return { service, environment, change, analysisId };
}

/** The route `/v1/gates/evaluate`. */
export function createGatesRouter(gates: Pick<Gates, 'evaluate'>): Router {
  const router = Router();
  router.post('/v1/gates/evaluate', async (request, response) => {
    const answer = await gates.evaluate(readQuestion(request.body), actorOf(response));
    const written: Schemas['GateAnswer'] = { ...answer, reasons: [...answer.reasons] };
    response.json(written);
  });
  return router;
}
