// The environment of each process: what Knative injects, and the manifest's variables with their
// secrets and settings filled in. Nothing of the emulator's own environment leaks in but PATH,
// and what a test overrides.
import { BIND_ADDRESS } from './data/listen.ts';
import { UNSAFE_VARIABLE } from '../../shared/db/durability.ts';
import { DATABASE_ROLES, type DatabaseRole } from '../../shared/db/roles.ts';
import { findVariable } from '../../shared/config/environment.ts';
import type { LogLevel } from '../../shared/config/fields.ts';
import { KAFKA_VARIABLES } from '../../shared/config/kafka-config.ts';
import { SEALING_DIR_VARIABLE } from '../../shared/secrets/key-ring.ts';
import { ManifestError, problemAt, type ManifestDocument } from '../manifests/document.ts';
import type { EnvVar } from '../manifests/shapes.ts';
import type { EngineTopology, ServiceTopology, Topology } from '../manifests/topology.ts';
import { AUDIENCE } from './auth/issuer.ts';
import { childOverrides } from './child-overrides.ts';

/** What a real cluster's secrets and the environment's own settings would hold. */
export interface ClusterValues {
  readonly roleUrl: (role: DatabaseRole) => string;
  readonly busUrl: (role: DatabaseRole) => string;
  /** What else a process must know to reach the bus, such as its TLS and login. */
  readonly busVariables: Readonly<Record<string, string>>;
  /** Where the rings of sealing keys are: instead of the mount that a manifest names. */
  readonly sealingDir: string;
  readonly jwksUrl: string;
  readonly issuerUrl: string;
  /** Of the emulator's own mail server. */
  readonly smtpUrl: string;
  /** Null: the exchange runs without a cache that its processes could share. */
  readonly cacheUrl: string | null;
  /** What every allowance is multiplied with; left out, it is that of load tools. */
  readonly rateLimitFactor?: number;
}

/** The public port is the one proxy here. */
const TRUSTED_PROXIES = 1;

/** Replay, torture and benchmarks send thousands of orders a second for a few users. */
const RATE_LIMIT_FACTOR = 1_000;

/** Where a front end would be: links in mails lead there. */
const PUBLIC_URL = 'http://localhost:3000';

/** Where the front end of staff would be. */
const ADMIN_ORIGIN = 'http://localhost:3001';

/** What a manifest says of a process. */
type Process = Pick<ServiceTopology, 'document' | 'env' | 'envMaps'>;

/** Readers of the ledger have a role of their own: the owner's writes. */
const ROLES_BY_OWNER: Readonly<Record<string, DatabaseRole>> = {
  ledger: 'bourse_ledger_reader',
  'engine-daemon': 'bourse_engine',
};

const SECRET_NAME = /^([a-z0-9-]+)-(database|bus)$/;

export class EnvironmentMaker {
  readonly #topology: Topology;
  readonly #values: ClusterValues;

  constructor(topology: Topology, values: ClusterValues) {
    this.#topology = topology;
    this.#values = values;
  }

  /** Throws ManifestError, naming the variable's line, when a value is nowhere to be found. */
  forService(
    service: ServiceTopology,
    revision: string,
    logLevel: LogLevel,
  ): Record<string, string> {
    return {
      ...processBasics(logLevel),
      // Two versions run side by side during a reload, so the system picks the port.
      PORT: '0',
      K_SERVICE: service.name,
      K_CONFIGURATION: service.name,
      K_REVISION: revision,
      ...this.#resolve(service, {}),
      TRUSTED_PROXIES: String(TRUSTED_PROXIES),
      RATE_LIMIT_FACTOR: String(this.#values.rateLimitFactor ?? RATE_LIMIT_FACTOR),
      ...childOverrides(service.name),
    };
  }

  /** `fields` stand for what the downward API gives, by field path. */
  forEngine(
    engine: EngineTopology,
    fields: Readonly<Record<string, string>>,
    logLevel: LogLevel,
  ): Record<string, string> {
    return {
      ...processBasics(logLevel),
      ...this.#resolve(engine, fields),
      ...childOverrides(engine.name),
    };
  }

  #resolve(
    { document, env, envMaps }: Process,
    fields: Readonly<Record<string, string>>,
  ): Record<string, string> {
    const resolved: Record<string, string> = {};
    for (const [at, name] of envMaps.entries()) {
      const map = this.#topology.configMaps.get(name);
      if (map === undefined) throw missingMap(document, at, name);
      Object.assign(resolved, map);
    }
    for (const [at, variable] of env.entries()) {
      if (isOfKafka(variable.name)) continue;
      const value = this.#valueOf(variable, fields);
      if (value !== undefined) resolved[variable.name] = value;
      else if (!isOptional(variable)) throw unresolved(document, at, variable);
    }
    const own = Object.entries(resolved).filter(([name]) => !isOfKafka(name));
    const bus = 'BUS_URL' in resolved ? this.#values.busVariables : {};
    return { ...Object.fromEntries(own), ...bus };
  }

  #valueOf(variable: EnvVar, fields: Readonly<Record<string, string>>): string | undefined {
    if (variable.name === SEALING_DIR_VARIABLE) return this.#values.sealingDir;
    if (variable.valueFrom === undefined) return variable.value ?? '';
    const { secretKeyRef, configMapKeyRef, fieldRef } = variable.valueFrom;
    if (secretKeyRef !== undefined) return this.#secret(secretKeyRef.name, secretKeyRef.key);
    if (configMapKeyRef !== undefined) {
      return this.#setting(configMapKeyRef.name, configMapKeyRef.key);
    }
    return fieldRef === undefined ? undefined : fields[fieldRef.fieldPath];
  }

  #secret(name: string, key: string): string | undefined {
    if (name === 'cache' && key === 'url') return this.#values.cacheUrl ?? undefined;
    if (name === 'smtp' && key === 'url') return this.#values.smtpUrl;
    const [, owner, kind] = SECRET_NAME.exec(name) ?? [];
    if (owner === undefined || key !== 'url') return undefined;
    const wanted = ROLES_BY_OWNER[owner] ?? `bourse_${owner.replaceAll('-', '_')}`;
    const role = DATABASE_ROLES.find((each) => each === wanted);
    if (role === undefined) return undefined;
    return kind === 'bus' ? this.#values.busUrl(role) : this.#values.roleUrl(role);
  }

  #setting(name: string, key: string): string | undefined {
    const own: Readonly<Record<string, string>> = {
      'auth/jwks-url': this.#values.jwksUrl,
      'auth/issuer': this.#values.issuerUrl,
      'auth/audience': AUDIENCE,
      // A front end under development, on this machine.
      'auth/webauthn-rp-id': 'localhost',
      'auth/webauthn-origins': PUBLIC_URL,
      // The port is this machine's own, and so is who comes.
      'admin/addresses': '127.0.0.0/8,::1/128',
      'admin/webauthn-rp-id': 'localhost',
      'admin/webauthn-origins': ADMIN_ORIGIN,
      'mail/from': 'Bourse <no-reply@bourse.localhost>',
      // The server is on this machine, and has no certificate.
      'mail/tls': 'off',
      'mail/public-url': PUBLIC_URL,
    };
    return this.#topology.configMaps.get(name)?.[key] ?? own[`${name}/${key}`];
  }
}

function processBasics(logLevel: LogLevel): Record<string, string> {
  const path = findVariable('PATH');
  const unsafe = findVariable(UNSAFE_VARIABLE);
  return {
    NODE_ENV: 'production',
    LOG_LEVEL: logLevel,
    // A laptop's neighbours have no business with it: only the proxy's ports are for callers.
    BIND_ADDRESS,
    ...(path === undefined ? {} : { PATH: path }),
    // Whoever gives us a database that forgets has said so for all processes.
    ...(unsafe === undefined ? {} : { [UNSAFE_VARIABLE]: unsafe }),
  };
}

/** The manifests speak of the cluster's Kafka; the one here is another, or none. */
function isOfKafka(name: string): boolean {
  return KAFKA_VARIABLES.includes(name);
}

function isOptional(variable: EnvVar): boolean {
  const from = variable.valueFrom;
  return from?.secretKeyRef?.optional === true || from?.configMapKeyRef?.optional === true;
}

function missingMap(document: ManifestDocument, at: number, name: string): ManifestError {
  const path = ['spec', 'template', 'spec', 'containers', 0, 'envFrom', at];
  const message = `the emulator has no config map "${name}"`;
  return new ManifestError([problemAt(document, path, 'environment', message)]);
}

function unresolved(document: ManifestDocument, at: number, variable: EnvVar): ManifestError {
  const path = ['spec', 'template', 'spec', 'containers', 0, 'env', at];
  const message =
    `${variable.name}: the emulator has no such value ` +
    '(secrets are named <owner>-database and <owner>-bus, key url)';
  return new ManifestError([problemAt(document, path, 'environment', message)]);
}
