import type { Request } from 'express';
import type { CanaryRequest } from '../../analysis/kayenta/canary-request.ts';
import { type StandaloneScope, standaloneScopes } from '../../analysis/kayenta/standalone.ts';
import { type InputIssue, invalidInput } from '../../errors.ts';
import type { components } from '../schema.gen.ts';
import { parseInstant } from '../times.ts';
import { readSubjectQuery } from './read-canary.ts';

type Body = components['schemas']['KayentaStandaloneRequest'];

const second = 1_000;
const usualStep = 60;

function readTime(text: string | undefined, path: string, issues: InputIssue[]): number | null {
  return text === undefined ? null : parseInstant(text, path, issues);
}

function readScope(body: Body['scopes'][number], path: string, issues: InputIssue[]): StandaloneScope {
  return {
    scopeName: body.scopeName ?? 'default',
    controlScope: body.controlScope,
    controlLocation: body.controlLocation ?? null,
    controlOffsetInMinutes: body.controlOffsetInMinutes ?? 0,
    experimentScope: body.experimentScope,
    experimentLocation: body.experimentLocation ?? null,
    startTime: readTime(body.startTimeIso, `${path}.startTimeIso`, issues),
    endTime: readTime(body.endTimeIso, `${path}.endTimeIso`, issues),
    step: (body.step ?? usualStep) * second,
    extendedScopeParams: body.extendedScopeParams ?? {},
  };
}

/** A standalone analysis, checked by the spec before, as the use case takes it. Rejects with `invalid_input`. */
export function readStandalone(
  request: Request,
  body: Body,
  config: CanaryRequest['config'],
  now: number,
): CanaryRequest {
  const issues: InputIssue[] = [];
  const scopes = body.scopes.map((scope, index) => readScope(scope, `scopes[${index}]`, issues));
  if (issues.length > 0) throw invalidInput(issues);
  const terms = {
    scopes,
    lifetimeDurationMins: body.lifetimeDurationMins ?? null,
    beginAfterMins: body.beginAfterMins ?? 0,
    lookbackMins: body.lookbackMins ?? 0,
  };
  return {
    kind: 'standalone',
    ...readSubjectQuery(request),
    config,
    scopes: standaloneScopes(terms, now),
    thresholds: body.thresholds,
    request: body,
  };
}
