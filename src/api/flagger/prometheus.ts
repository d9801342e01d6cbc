import { Router } from 'express';
import type { Run } from '../../analysis/run.ts';
import type { Runs } from '../../analysis/runs.ts';
import { SerinError } from '../../errors.ts';
import { requireScope } from '../../ledger/actor.ts';
import { actorOf } from '../context.ts';
import { queryText } from '../query.ts';
import type { components } from '../schema.gen.ts';

type Vector = components['schemas']['PrometheusVector'];

const labels = ['service', 'environment', 'target', 'namespace', 'name'] as const;
type Label = (typeof labels)[number];
export type VerdictQuery = Readonly<Partial<Record<Label, string>>> & { readonly service: string };

/** How many of a service's newest analyses are looked through for one of the rollout asked for. */
const searched = 50;

const understood = `allowed are vector(1) and verdict(service="…") with ${labels.slice(1).join(', ')} beside service`;

function refuse(found: string): SerinError {
  return new SerinError('invalid_input', `query: found ${found.slice(0, 100)}; ${understood}`);
}

function readLabels(text: string): readonly (readonly [string, string])[] | null {
  const matcher = /\s*(\w+)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(,|$)/y;
  const pairs: (readonly [string, string])[] = [];
  while (matcher.lastIndex < text.length) {
    const [, name, value = ''] = matcher.exec(text) ?? [];
    if (name === undefined) return null;
    pairs.push([name, value.replace(/\\(.)/g, '$1')]);
  }
  return pairs;
}

/** A query of the façade; `null` is `vector(1)`. Rejects with `invalid_input` what is neither. */
export function readQuery(text: string): VerdictQuery | null {
  const query = text.trim();
  if (/^vector\(\s*1\s*\)$/.test(query)) return null;
  const [, inside] = /^verdict\s*\((.*)\)$/s.exec(query) ?? [];
  const pairs = inside === undefined ? null : readLabels(inside);
  if (pairs === null) throw refuse(query);
  const unknown = pairs.find(([name]) => !labels.some((label) => label === name));
  if (unknown !== undefined) throw refuse(`the label ${unknown[0]}`);
  // Templating makes an absent value an empty string.
  const given = Object.fromEntries(pairs.filter(([, value]) => value !== ''));
  const { service } = given;
  if (service === undefined) throw refuse('no service');
  return { ...given, service };
}

function isMeant(run: Run, { target, namespace, name }: VerdictQuery): boolean {
  return (
    (target === undefined || run.target === target) &&
    (namespace === undefined || run.rollout?.namespace === namespace) &&
    (name === undefined || run.rollout?.name === name)
  );
}

async function findRun(runs: Runs, query: VerdictQuery): Promise<Run | null> {
  const { service, environment } = query;
  const { items } = await runs.list({ service, environment }, searched, null);
  return items.find((run) => isMeant(run, query)) ?? null;
}

/** `null` where there is nothing to say: Flagger takes that for a failed check. */
export function sampleOf(run: Run | null): '0' | '1' | null {
  if (run === null || run.verdict === 'inconclusive') return null;
  return run.verdict === 'fail' ? '0' : '1';
}

function writeVector(value: string | null, now: number): Vector {
  const result = value === null ? [] : [{ metric: {}, value: [now / 1000, value] as [number, string] }];
  return { status: 'success', data: { resultType: 'vector', result } };
}

function parse(text: string): ReturnType<typeof readQuery> | SerinError {
  try {
    return readQuery(text);
  } catch (error) {
    if (error instanceof SerinError) return error;
    throw error;
  }
}

/** Answers Flagger's provider `prometheus` with verdicts in the place of values. */
export function createFlaggerPrometheusRouter(runs: Runs, now: () => number): Router {
  const router = Router();
  router.get('/v1/flagger/prometheus/api/v1/query', async (request, response) => {
    const query = parse(queryText(request, 'query') ?? '');
    if (query instanceof SerinError) {
      response.status(400).json({ status: 'error', errorType: 'bad_data', error: query.message });
      return;
    }
    if (query !== null) requireScope(actorOf(response), query.service);
    const value = query === null ? '1' : sampleOf(await findRun(runs, query));
    response.json(writeVector(value, now()));
  });
  return router;
}
