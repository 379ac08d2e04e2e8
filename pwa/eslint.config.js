import js from '@eslint/js'
import jsxA11y from 'eslint-plugin-jsx-a11y'
import reactHooks from 'eslint-plugin-react-hooks'
import globals from 'globals'
import tseslint from 'typescript-eslint'

/** Imports go one way: shared → features → app, and features never import each other. */
const forbid = (patterns) => ({ 'no-restricted-imports': ['error', { patterns }] })
const app = { regex: '^(@|(\\.\\./)+)/?app(/|$)', message: 'Only main.tsx may import from app/.' }
const features = { regex: '^@/features/', message: 'A feature is imported by app/ only; what two features need lives in shared/.' }
const upward = { regex: '^\\.\\./\\.\\./(?!\\.\\./messages/)', message: 'Leave the folder by the alias @/, so that the direction of an import can be seen.' }
const outside = { regex: '^\\.\\./(?!\\.\\.)', message: 'A feature reaches its own files with ./ and shared ones with @/shared/.' }

export default tseslint.config(
  { ignores: ['dist', 'dev-dist', 'src/paraglide', 'src/shared/api/schema.d.ts', 'test-results', 'playwright-report'] },
  js.configs.recommended,
  tseslint.configs.recommended,
  reactHooks.configs.flat.recommended,
  jsxA11y.flatConfigs.strict,
  {
    languageOptions: { globals: { ...globals.browser } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
    },
  },
  { files: ['src/shared/**'], rules: forbid([app, features, upward]) },
  { files: ['src/features/**'], rules: forbid([app, features, upward, outside]) },
  { files: ['src/**/*.test.{ts,tsx}'], rules: { 'react-hooks/globals': 'off' } },
  // Playwright reads the fixtures a test wants from its destructured parameter, also where it wants none.
  { files: ['e2e/**'], rules: { 'no-empty-pattern': 'off' } },
  { files: ['scripts/**', '*.config.{js,ts}', 'e2e/**'], languageOptions: { globals: { ...globals.node } }, rules: { 'react-hooks/rules-of-hooks': 'off' } },
)
