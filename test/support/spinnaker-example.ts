import { readYaml } from '../examples/files.ts';
import type { Stage } from './orca-stage.ts';

/** What the shipped stage says, as far as the model of orca reads it. */
export type Preconfigured = Omit<Stage, 'headers'> & {
  readonly method: string;
  readonly waitForCompletion: boolean;
  readonly statusUrlResolution: string;
  readonly customHeaders: Readonly<Record<string, readonly string[]>>;
  readonly cancelEndpoint: string;
  readonly cancelMethod: string;
  readonly cancelPayload: string;
  readonly parameters: readonly { readonly name: string }[];
};

type OrcaConfig = { readonly webhook: { readonly preconfigured: readonly Preconfigured[] } };

export function readPreconfigured(): Preconfigured {
  const [stage] = readYaml<OrcaConfig>('examples/spinnaker/orca-local.yml').webhook.preconfigured;
  if (stage === undefined) throw new Error('the example has no stage');
  return stage;
}

/** Fills a stage's expressions as orca does; what is not given is an error. */
export function fillExpressions(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{(?:parameterValues\['(\w+)'\]|([\w.]+))\}/g, (whole, parameter, path) => {
    const value = values[parameter ?? path];
    if (value === undefined) throw new Error(`nothing is given for ${whole}`);
    return value;
  });
}
