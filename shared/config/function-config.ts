// What a function's process is told by Knative (PORT, K_*) and by its manifest (the rest).
import { z } from 'zod';
import { readConfig, type EnvironmentSource } from './environment.ts';
import { bindAddressField, httpUrlField, logLevelField } from './fields.ts';
import { portField, wholeNumberField } from './fields.ts';

/** Knative's own default. */
const PORT_DEFAULT = 8080;

export interface FunctionConfig {
  readonly target: string;
  readonly port: number;
  readonly bindAddress: string | undefined;
  readonly logLevel: z.output<typeof logLevelField>;
  readonly revision: string | undefined;
  /** Undefined leaves it at REQUESTS_IN_FLIGHT_MAX of the pipeline. */
  readonly requestsInFlightMax: number | undefined;
}

export function readFunctionConfig(source?: EnvironmentSource): FunctionConfig {
  const values = readConfig(
    {
      FUNCTION_TARGET: z.string(),
      PORT: portField.default(PORT_DEFAULT),
      BIND_ADDRESS: bindAddressField,
      LOG_LEVEL: logLevelField.default('info'),
      K_REVISION: z.string().optional(),
      REQUESTS_IN_FLIGHT_MAX: wholeNumberField(1, 100_000).optional(),
    },
    source,
  );
  return {
    target: values.FUNCTION_TARGET,
    port: values.PORT,
    bindAddress: values.BIND_ADDRESS,
    logLevel: values.LOG_LEVEL,
    revision: values.K_REVISION,
    requestsInFlightMax: values.REQUESTS_IN_FLIGHT_MAX,
  };
}

export interface AuthConfig {
  readonly jwksUrl: string;
  readonly issuer: string;
  readonly audience: string;
}

/** Where tokens come from; read only by functions with routes that are not open to anyone. */
export function readAuthConfig(source?: EnvironmentSource): AuthConfig {
  const values = readConfig(
    { AUTH_JWKS_URL: httpUrlField, AUTH_ISSUER: z.string(), AUTH_AUDIENCE: z.string() },
    source,
  );
  return {
    jwksUrl: values.AUTH_JWKS_URL,
    issuer: values.AUTH_ISSUER,
    audience: values.AUTH_AUDIENCE,
  };
}
