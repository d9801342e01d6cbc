import type { ErrorRequestHandler, Response } from 'express';
import { thresholdsOfId } from '../../analysis/kayenta/execution-id.ts';
import { canTellInconclusive, tellScore } from '../../analysis/kayenta/thresholds.ts';
import { SerinError } from '../../errors.ts';
import { contextOf, mayHearOfOutage } from '../context.ts';
import { isCallersFault } from '../problem.ts';
import type { components } from '../schema.gen.ts';
import type { KayentaDeps } from './deps.ts';

type Status = components['schemas']['KayentaCanaryStatus'];

const polls = ['kayentaGetCanary', 'kayentaGetCanaryByToken'];

/** What of an error its caller may read: messages without a code may hold anything. */
function causeOf(error: unknown, requestId: string): string {
  return error instanceof SerinError
    ? error.message
    : `an unforeseen error (request ${requestId} in the logs)`;
}

/**
 * What a poll is told while Serin cannot tell how its execution stands: that it goes on, and once the outage has lasted
 * its grace that it is inconclusive, where the thresholds have room for that. An error would be one of the five after
 * which Argo Rollouts aborts. `null` when the id is none of ours.
 */
export function answerOutage(
  error: unknown,
  id: string,
  response: Response,
  deps: Pick<KayentaDeps, 'outage' | 'logger'>,
): Status | null {
  const { requestId } = contextOf(response);
  const thresholds = thresholdsOfId(id);
  if (thresholds === null) return null;
  deps.logger.error({ err: error, requestId }, 'a poll was answered without an analysis');
  const cause = causeOf(error, requestId);
  const running: Status = {
    application: '',
    complete: false,
    status: 'running',
    reason: `Serin cannot judge at the moment and will try again: ${cause}`,
  };
  if (!deps.outage.failed(id) || !canTellInconclusive(thresholds)) return running;
  const reason = `Serin cannot judge and has not been able to for too long: ${cause}`;
  const { score, classification } = tellScore('inconclusive', 50, thresholds);
  const judgeResult = {
    judgeName: 'Serin-v1.0',
    results: [],
    groupScores: [],
    score: { score, classification, classificationReason: reason },
  };
  return { ...running, complete: true, reason, result: { judgeResult, canaryDuration: 'PT0S' } };
}

function idOf(path: string): string {
  try {
    return decodeURIComponent(path.split('/').at(-1) ?? '');
  } catch {
    return '';
  }
}

/** Answers a poll that failed on the way to its handler, when that is no fault of its caller. */
export function catchKayentaErrors(deps: Pick<KayentaDeps, 'outage' | 'logger'>): ErrorRequestHandler {
  return (error, request, response, next) => {
    const isPoll = polls.includes(contextOf(response).operation?.id ?? '');
    const answer =
      isPoll && !response.headersSent && !isCallersFault(error) && mayHearOfOutage(response)
        ? answerOutage(error, idOf(request.path), response, deps)
        : null;
    if (answer === null) next(error);
    else response.status(200).json(answer);
  };
}
