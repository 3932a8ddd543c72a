import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ConfigError, findVariable, getVariable, readConfig } from './environment.ts';
import { portField, wholeNumberField } from './fields.ts';
import { readAuthConfig, readFunctionConfig } from './function-config.ts';

describe('environment', () => {
  it('names a missing variable, and takes an empty one for missing', () => {
    expect(() => getVariable('DATABASE_URL', {})).toThrow('DATABASE_URL is required');
    expect(() => getVariable('DATABASE_URL', { DATABASE_URL: '' })).toThrow(ConfigError);
    expect(findVariable('DATABASE_URL', { DATABASE_URL: '' })).toBeUndefined();
  });

  it('names every bad variable at once, and shows no value', () => {
    const read = () =>
      readConfig(
        { SECRET_KEY: z.string().min(32), PORT: portField, MISSING: z.string() },
        { SECRET_KEY: 'hunter2', PORT: '70000' },
      );
    expect(read).toThrow(/SECRET_KEY is malformed.*PORT is malformed.*MISSING is required/);
    expect(read).not.toThrow(/hunter2|70000/);
  });

  it.each(['', ' 1', '1.5', '-1', '0x10', '1e3', '11'])('refuses %j as a number', (text) => {
    expect(wholeNumberField(0, 10).safeParse(text).success).toBe(false);
  });

  it('has the defaults of Knative', () => {
    expect(readFunctionConfig({ FUNCTION_TARGET: 'orders' })).toMatchObject({
      target: 'orders',
      port: 8080,
      logLevel: 'info',
    });
    expect(() => readFunctionConfig({ FUNCTION_TARGET: 'orders', LOG_LEVEL: 'loud' })).toThrow(
      'LOG_LEVEL',
    );
  });

  it('refuses a JWKS address that is not http', () => {
    const others = { AUTH_ISSUER: 'i', AUTH_AUDIENCE: 'a' };
    expect(() => readAuthConfig({ ...others, AUTH_JWKS_URL: 'file:///etc/keys' })).toThrow(
      'AUTH_JWKS_URL',
    );
    expect(readAuthConfig({ ...others, AUTH_JWKS_URL: 'https://i/jwks' }).issuer).toBe('i');
  });
});
