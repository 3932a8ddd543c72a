// A function with its own types closed over, so that functions of all kinds fit into one table.
import type { FunctionDefinition } from './definition.ts';
import { hostFunction, registerFunction, type HostedFunction, type HostOptions } from './host.ts';

/** What the pages in docs/ are generated from. */
export type FunctionFacts = Pick<FunctionDefinition<never>, 'name' | 'routes' | 'events'>;

export interface Hostable {
  readonly facts: FunctionFacts;
  readonly host: (options: HostOptions) => Promise<HostedFunction>;
  readonly register: (optionsOf: () => Omit<HostOptions, 'port'>) => void;
}

export function hostable<Deps>(definition: FunctionDefinition<Deps>): Hostable {
  return {
    facts: definition,
    host: (options) => hostFunction(definition, options),
    register: (optionsOf) => registerFunction(definition, optionsOf),
  };
}
