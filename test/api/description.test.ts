import assert from 'node:assert/strict';
import request from 'supertest';
import { parse } from 'yaml';
import { phases } from '../../src/analysis/run.ts';
import { readSpecText } from '../../src/api/spec.ts';
import { failureClasses, outcomes } from '../../src/ledger/change.ts';
import { makeApi } from '../support/api.ts';

type Node = { readonly [name: string]: unknown };
type Operation = {
  readonly operationId: string;
  readonly method: 'get' | 'post';
  readonly path: string;
  readonly spec: Node;
};

const document = parse(readSpecText()) as {
  readonly paths: Readonly<Record<string, Node>>;
  readonly components: { readonly schemas: Readonly<Record<string, Node>> };
};

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null;
}

/** Every schema under `node` that is a named property, with where it is. */
function propertiesUnder(node: unknown, at: string): readonly (readonly [path: string, schema: Node])[] {
  if (!isNode(node)) return [];
  return Object.entries(node).flatMap(([name, value]) => {
    if (name === 'example' || name === 'examples') return [];
    const own =
      name === 'properties' && isNode(value)
        ? Object.entries(value).filter((pair): pair is [string, Node] => isNode(pair[1]))
        : [];
    return [
      ...own.map(([property, schema]) => [`${at}.${property}`, schema] as const),
      ...propertiesUnder(value, `${at}.${name}`),
    ];
  });
}

function operations(): readonly Operation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    (['get', 'post'] as const).flatMap((method) => {
      const spec = item[method];
      return isNode(spec) ? [{ operationId: String(spec['operationId']), method, path, spec }] : [];
    }),
  );
}

function enumOf(...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (node, name) => (isNode(node) ? node[name] : undefined),
    document.components.schemas,
  );
}

describe('openapi.yaml', () => {
  it('describes every schema and every property', () => {
    const schemas = Object.entries(document.components.schemas);
    const all = [...schemas, ...propertiesUnder(document, '')];

    const bare = all.filter(
      ([, schema]) => schema['description'] === undefined && schema['$ref'] === undefined,
    );

    assert.ok(all.length > 200, `${all.length} found`);
    assert.deepEqual(
      bare.map(([path]) => path),
      [],
    );
  });

  for (const { operationId, method, path } of operations()) {
    it(`promises ${operationId}, which is served`, async () => {
      const answer = await request(makeApi().handler)[method](path.replace('{id}', 'x'));

      assert.doesNotMatch(answer.text ?? '', /there is nothing at/);
      assert.notEqual(answer.status, 405);
    });
  }

  it('refuses unknown keys in what starts an analysis', () => {
    assert.equal(enumOf('StartAnalysis', 'additionalProperties'), false);
    assert.equal(enumOf('ChangeFacts', 'additionalProperties'), false);
  });

  it('knows the same words as the domain', () => {
    assert.deepEqual(enumOf('Analysis', 'properties', 'phase', 'enum'), [...phases]);
    assert.deepEqual(enumOf('Outcome', 'enum'), [...outcomes]);
    assert.deepEqual(enumOf('FailureClass', 'enum'), [...failureClasses]);
  });
});
