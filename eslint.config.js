// Rules beyond type checking: unused code, confusing code, and markup built from text.

import js from "@eslint/js";
import globals from "globals";

const MARKUP = "text becomes markup here: use element() or text nodes";

export default [
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    languageOptions: { ecmaVersion: 2024, sourceType: "module" },
    rules: {
      "array-callback-return": "error",
      "default-case-last": "error",
      eqeqeq: "error",
      "no-console": "error",
      "no-else-return": "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-lonely-if": "error",
      "no-new-func": "error",
      "no-param-reassign": "error",
      "no-promise-executor-return": "error",
      "no-script-url": "error",
      "no-self-compare": "error",
      "no-shadow": "error",
      "no-template-curly-in-string": "error",
      "no-unmodified-loop-condition": "error",
      "no-unneeded-ternary": "error",
      "no-unused-vars": ["error", { ignoreRestSiblings: true }],
      "no-useless-rename": "error",
      "no-useless-return": "error",
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      "prefer-template": "error",
      "no-restricted-properties": [
        "error",
        { property: "insertAdjacentHTML", message: MARKUP },
        { property: "setHTMLUnsafe", message: MARKUP },
        { object: "document", property: "write", message: MARKUP },
        { property: "style", message: "a strict policy forbids inline styles: use a class or an attribute" },
      ],
      "no-restricted-syntax": [
        "error",
        { selector: "AssignmentExpression > MemberExpression.left[property.name=/^(inner|outer)HTML$/]", message: MARKUP },
      ],
    },
  },
  { files: ["frontend/**/*.js"], languageOptions: { globals: globals.browser } },
  {
    files: ["frontend/widgets/kolom-proof.js"],
    languageOptions: { globals: globals.worker, sourceType: "script" },
  },
];
