// What single children of the emulator are told beside their manifests: read at every launch of one
// (knative/emulator/child-overrides.ts).
import { renameSync, writeFileSync } from 'node:fs';

type Variables = Readonly<Record<string, string>>;

export class Overrides {
  readonly file: string;
  readonly #always: Readonly<Record<string, Variables>>;
  readonly #now = new Map<string, Variables>();

  /** `always` holds for the whole torture. */
  constructor(file: string, always: Readonly<Record<string, Variables>>) {
    this.file = file;
    this.#always = always;
    this.#save();
  }

  set(name: string, variables: Variables): void {
    this.#now.set(name, variables);
    this.#save();
  }

  clear(name: string): void {
    this.#now.delete(name);
    this.#save();
  }

  clearAll(): void {
    this.#now.clear();
    this.#save();
  }

  get(name: string): Variables {
    return { ...this.#always[name], ...this.#now.get(name) };
  }

  /** Whole or not at all: a child may be launched at this very moment. */
  #save(): void {
    const names = new Set([...Object.keys(this.#always), ...this.#now.keys()]);
    const all = Object.fromEntries([...names].map((name) => [name, this.get(name)]));
    writeFileSync(`${this.file}.new`, JSON.stringify(all));
    renameSync(`${this.file}.new`, this.file);
  }
}
