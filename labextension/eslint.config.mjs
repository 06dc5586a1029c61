import hooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

const SPOKEN =
  /^(aria-(label|description|roledescription|valuetext)|alt|caption|empty|help|hint|label|message|summary|text|title|what|words)$/;
const isText = value => typeof value === 'string' && /\p{L}{2}/u.test(value);

// What is read on the screen or aloud goes through the translator: `trans.__('…')`.
const translated = {
  meta: {
    type: 'problem',
    schema: [],
    messages: { untranslated: '“{{text}}” does not go through the translator.' }
  },
  create(context) {
    const tell = (node, text) =>
      context.report({
        node,
        messageId: 'untranslated',
        data: { text: text.trim() }
      });
    const parts = node => {
      if (node === null || node === undefined) return;
      if (node.type === 'Literal' && isText(node.value)) tell(node, node.value);
      if (node.type === 'TemplateLiteral') {
        for (const quasi of node.quasis) {
          if (isText(quasi.value.cooked)) tell(quasi, quasi.value.cooked);
        }
      }
      if (node.type === 'ConditionalExpression') {
        parts(node.consequent);
        parts(node.alternate);
      }
      if (node.type === 'LogicalExpression') parts(node.right);
      if (node.type === 'JSXExpressionContainer') parts(node.expression);
    };
    return {
      JSXText(node) {
        if (isText(node.value)) tell(node, node.value);
      },
      'JSXElement > JSXExpressionContainer'(node) {
        if (node.parent.openingElement.name.name !== 'code') parts(node);
      },
      JSXAttribute(node) {
        if (SPOKEN.test(node.name.name)) parts(node.value);
        // An example of what may be typed, as an address or a file, is in no language.
        if (
          node.name.name === 'placeholder' &&
          / /.test(node.value?.value ?? '')
        ) {
          parts(node.value);
        }
      },
      'Property[computed=false]'(node) {
        if (SPOKEN.test(node.key.name ?? node.key.value)) parts(node.value);
      }
    };
  }
};

export default tseslint.config(
  {
    ignores: ['lib/**', 'node_modules/**', 'src/records.ts', '*.mjs', '*.cjs']
  },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname
      }
    },
    plugins: { 'react-hooks': hooks, local: { rules: { translated } } },
    rules: {
      'react-hooks/rules-of-hooks': 'error',
      'local/translated': 'error',
      // Counts stand in texts; `void` marks what is not awaited.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true }
      ],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true }
      ],
      // Signals take a method and its object.
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-base-to-string': 'off',
      '@typescript-eslint/no-namespace': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off'
    }
  },
  {
    files: ['src/__tests__/**'],
    rules: { 'local/translated': 'off' }
  }
);
