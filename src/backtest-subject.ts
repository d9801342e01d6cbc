import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parse } from 'yaml';
import type { NamedPlan, Subject } from './analysis/backtest/past-window.ts';
import { type Plan, parsePlan } from './analysis/plan.ts';
import type { BacktestFlags } from './backtest-options.ts';
import type { Config, ServiceConfig } from './config.ts';
import { invalidInput } from './errors.ts';

function readPlanFile(path: string): NamedPlan {
  let value: unknown;
  try {
    value = parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const message = `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    throw invalidInput([{ path: '--plan', message }]);
  }
  const plan = parsePlan(value, [path]);
  return { label: plan.name ?? basename(path), plan };
}

function findTemplate(config: Config, name: string): NamedPlan {
  const plan: Plan | undefined = config.templates.find((template) => template.name === name);
  if (plan !== undefined) return { label: name, plan };
  const known = config.templates.map((template) => template.name).join(', ') || 'none';
  throw invalidInput([{ path: '--template', message: `found "${name}"; configured are ${known}` }]);
}

/** The plans asked for, else the service's template. Plans of one name are told apart by number. */
function choosePlans(flags: BacktestFlags, config: Config, service: ServiceConfig | undefined): NamedPlan[] {
  const named = [
    ...flags['--template'].map((name) => findTemplate(config, name)),
    ...flags['--plan'].map(readPlanFile),
  ];
  if (named.length === 0 && service?.template !== undefined)
    named.push(findTemplate(config, service.template));
  if (named.length === 0) {
    const message = `the service "${flags['--service']}" has no template; give --template or --plan`;
    throw invalidInput([{ path: '', message }]);
  }
  return named.map(({ label, plan }, index) => {
    const earlier = named.slice(0, index).filter((one) => one.label === label).length;
    return { label: earlier === 0 ? label : `${label} (${earlier + 1})`, plan };
  });
}

function findService(config: Config, name: string): ServiceConfig | undefined {
  return config.services.find((one) => one.name === name || one.aliases.includes(name));
}

/** Who is judged in harmless windows; with an offset both arms are the baseline. */
function makeSubject(flags: BacktestFlags, service: ServiceConfig | undefined): Subject {
  const baseline = flags['--baseline'] ?? service?.scopes.baseline ?? {};
  const canary = flags['--canary'] ?? service?.scopes.canary ?? {};
  return {
    service: service?.name ?? flags['--service'],
    environment: flags['--environment'] ?? service?.environment ?? 'production',
    target: flags['--target'] ?? null,
    version: flags['--change-version'],
    canary: flags['--offset'] === undefined ? canary : baseline,
    baseline,
  };
}

/** Who is judged, and under which plans. Rejects with `invalid_input` what the configuration or a file does not have. */
export function chooseSubject(
  flags: BacktestFlags,
  config: Config,
): { readonly subject: Subject; readonly plans: readonly NamedPlan[] } {
  const service = findService(config, flags['--service']);
  return { subject: makeSubject(flags, service), plans: choosePlans(flags, config, service) };
}
