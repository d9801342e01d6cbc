import type { Series } from '../../judge/types.ts';
import type { Member, MembersAnswer, Provider, QueryAnswer, QueryRequest } from '../../metrics/provider.ts';
import { slice } from '../window.ts';
import type { Grid } from './chunks.ts';

/** One way of asking a provider, and how its answers are cut and put together. */
export type Way<Answer> = {
  ask(provider: Provider, request: QueryRequest): Promise<Answer>;
  /** The answer for `grid` out of those for the chunks that cover it. */
  join(grid: Grid, answers: readonly Answer[]): Answer;
  /** The same answer for a grid that lies `distance` milliseconds later. */
  move(answer: Answer, distance: number): Answer;
  /** Numbers that it holds, to tell when too many are kept. */
  size(answer: Answer): number;
};

type Numbers = Pick<QueryAnswer, 'series' | 'notNumbers'>;

/** The values of the grid wherever one of the parts has them; `null` elsewhere. */
function joinNumbers({ from, to, step }: Grid, parts: readonly Numbers[]): Numbers {
  const whole: (number | null)[] = slice(null, from, to, step);
  for (const { series } of parts)
    slice(series, from, to, step).forEach((value, index) => {
      whole[index] = value ?? whole[index] ?? null;
    });
  const notNumbers = parts.flatMap((part) => part.notNumbers);
  return {
    series: { start: from, step, values: whole },
    notNumbers: notNumbers.filter((point) => point >= from && point <= to),
  };
}

function moveNumbers({ series, notNumbers }: Numbers, distance: number): Numbers {
  const moved: Series = { ...series, start: series.start + distance };
  return { series: moved, notNumbers: notNumbers.map((point) => point + distance) };
}

function joinWarnings(answers: readonly { readonly warnings: readonly string[] }[]): string[] {
  return [...new Set(answers.flatMap(({ warnings }) => warnings))];
}

/** Queries that give one series. */
export const oneSeries: Way<QueryAnswer> = {
  ask: (provider, request) => provider.fetch(request),
  join: (grid, answers) => ({ ...joinNumbers(grid, answers), warnings: joinWarnings(answers) }),
  move: (answer, distance) => ({ ...answer, ...moveNumbers(answer, distance) }),
  size: ({ series }) => series.values.length,
};

function nameOf({ labels }: Member): string {
  return JSON.stringify(Object.entries(labels).sort());
}

/** Those of each chunk that have the same labels are one; a member without a value on the grid is none. */
function joinMembers(grid: Grid, answers: readonly MembersAnswer[]): Member[] {
  const parts = new Map<string, Member[]>();
  for (const member of answers.flatMap(({ members }) => members)) {
    const name = nameOf(member);
    parts.set(name, [...(parts.get(name) ?? []), member]);
  }
  return [...parts.values()].flatMap((own) => {
    const [first] = own;
    const joined = joinNumbers(grid, own);
    const isThere = joined.notNumbers.length > 0 || joined.series.values.some((value) => value !== null);
    return first === undefined || !isThere ? [] : [{ labels: first.labels, ...joined }];
  });
}

/** Queries that give a series for each value of a label. */
export const severalSeries: Way<MembersAnswer> = {
  ask: (provider, request) => provider.fetchMembers(request),
  join: (grid, answers) => ({ members: joinMembers(grid, answers), warnings: joinWarnings(answers) }),
  move: (answer, distance) => ({
    ...answer,
    members: answer.members.map((member) => ({ ...member, ...moveNumbers(member, distance) })),
  }),
  size: ({ members }) => members.reduce((sum, { series }) => sum + series.values.length, 1),
};
