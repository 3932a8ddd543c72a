// The routes of oauth.
import type { Route } from '../../../shared/function/definition.ts';
import type { AuthDeps } from '../deps.ts';

export const oauthRoutes: readonly Route<AuthDeps>[] = [];
