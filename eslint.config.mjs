import tseslint from 'typescript-eslint';

// Where two secrets differ must not show in how long it takes to say so: they are compared by
// `isEqualSecret`, or `timingSafeEqual` of what has one length.
const SECRET = '/(signature|hmac|secret|password|token|verifier)$/i';
const comparing = (side, other) =>
  `BinaryExpression[operator=/^[!=]==?$/]:matches([${side}.name=${SECRET}], ` +
  `[${side}.property.name=${SECRET}]):not([${other}.type='Literal']):not([${other}.type='Identifier'][${other}.name='undefined'])`;
const NO_EARLY_COMPARES = [comparing('left', 'right'), comparing('right', 'left')].map(
  (selector) => ({
    selector,
    message: 'Compare secrets in constant time (shared/secrets/token.ts).',
  }),
);

// Type-aware linting is the point: an un-awaited query is the worst bug a ledger can have.
export default tseslint.config(
  { ignores: ['node_modules', 'dist', '.bourse*', 'coverage', 'shared/client/generated'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['eslint.config.mjs'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'no-console': 'error',
      eqeqeq: 'error',
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true } }],
    },
  },
  {
    files: ['**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: { 'no-restricted-syntax': ['error', ...NO_EARLY_COMPARES] },
  },
  {
    // Command-line programs talk to a person on standard output; configs must export a default.
    files: ['**/main.ts', '**/*-main.ts', 'docs/generate.ts', 'functions/new-function.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['*.config.ts', '*.config.mjs'],
    rules: { 'no-restricted-exports': 'off' },
  },
  { files: ['**/*.mjs'], extends: [tseslint.configs.disableTypeChecked] },
);
