import type { Request } from 'express';
import type { CanaryRequest, ScopePair } from '../../analysis/kayenta/canary-request.ts';
import type { CanaryScope } from '../../analysis/kayenta/scope.ts';
import { type InputIssue, invalidInput } from '../../errors.ts';
import { queryText } from '../query.ts';
import type { components } from '../schema.gen.ts';
import { parseInstant } from '../times.ts';

type Body = components['schemas']['KayentaCanaryRequest'];
type ScopeBody = components['schemas']['KayentaScope'];

const second = 1_000;

function readScope(body: ScopeBody, path: string, issues: InputIssue[]): CanaryScope {
  return {
    scope: body.scope,
    location: body.location ?? null,
    start: parseInstant(body.start, `${path}.start`, issues),
    end: parseInstant(body.end, `${path}.end`, issues),
    step: body.step === undefined ? null : body.step * second,
    extendedScopeParams: body.extendedScopeParams ?? {},
  };
}

function readPair(
  [name, { controlScope, experimentScope }]: [string, Body['scopes'][string]],
  issues: InputIssue[],
): [string, ScopePair] {
  return [
    name,
    {
      control: readScope(controlScope, `scopes.${name}.controlScope`, issues),
      experiment: readScope(experimentScope, `scopes.${name}.experimentScope`, issues),
    },
  ];
}

/** What the query of a request says besides its body: who, where, on whose behalf. */
export function readSubjectQuery(
  request: Request,
): Pick<CanaryRequest, 'application' | 'accounts' | 'parentPipelineExecutionId'> {
  const text = (name: string): string | null => queryText(request, name) ?? null;
  return {
    application: text('application'),
    accounts: {
      metrics: text('metricsAccountName'),
      configuration: text('configurationAccountName'),
      storage: text('storageAccountName'),
    },
    parentPipelineExecutionId: text('parentPipelineExecutionId'),
  };
}

/** A CanaryExecutionRequest, checked by the spec before, as the use case takes it. Rejects with `invalid_input`. */
export function readCanary(request: Request, body: Body, config: CanaryRequest['config']): CanaryRequest {
  const issues: InputIssue[] = [];
  const scopes = Object.fromEntries(Object.entries(body.scopes).map((entry) => readPair(entry, issues)));
  if (issues.length > 0) throw invalidInput(issues);
  return {
    kind: 'canary',
    ...readSubjectQuery(request),
    config,
    scopes,
    thresholds: body.thresholds,
    request: body,
  };
}
