import type { ChangeFacts } from './change.ts';
import type { ChangeEvent } from './change-event.ts';

type Told = { readonly at: number; readonly type: ChangeEvent['type']; readonly facts: Partial<ChangeFacts> };

const filled = ['version', 'commit', 'artifact', 'url', 'actor', 'committedAt'] as const;

function tellsFacts(event: ChangeEvent): event is ChangeEvent & Told {
  return 'facts' in event;
}

/** The first that anybody told, in the given order. */
function first<Key extends keyof ChangeFacts>(told: readonly Told[], key: Key): ChangeFacts[Key] | null {
  for (const { facts } of told) {
    const value = facts[key];
    if (value !== undefined && value !== null) return value;
  }
  return null;
}

function findStart(told: readonly Told[]): number | null {
  const starts = told.flatMap(({ at, type, facts }) => [
    ...(type === 'started' ? [at] : []),
    ...(typeof facts.startedAt === 'number' ? [facts.startedAt] : []),
  ]);
  return starts.length === 0 ? null : Math.min(...starts);
}

/**
 * What ordered events tell of a change: later ones fill in what earlier ones lacked and change nothing that was told.
 * A kind other than normal prevails, for `normal` is what is said when nobody looked; the earliest start is the start.
 */
export function mergeFacts(events: readonly ChangeEvent[]): ChangeFacts {
  const told = events.filter(tellsFacts);
  const [version, commit, artifact, url, actor, committedAt] = filled.map((key) => first(told, key));
  const unusual = told.find(({ facts }) => facts.kind !== undefined && facts.kind !== 'normal');
  return {
    ...({ version, commit, artifact, url, actor, committedAt } as Omit<ChangeFacts, 'kind' | 'startedAt'>),
    kind: unusual?.facts.kind ?? 'normal',
    startedAt: findStart(told),
  };
}

/** The clusters and regions that ordered events name, each once. */
export function listTargets(events: readonly ChangeEvent[]): string[] {
  const named = events.flatMap((event) => ('target' in event && event.target !== null ? [event.target] : []));
  return [...new Set(named)];
}
