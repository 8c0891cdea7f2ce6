import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import '@fontsource-variable/inter/wght.css';
import './ui/tokens.css';
import './ui/base.css';
import './ui/ui.css';
import { mlflowLink } from './app/mlflowLink';
import { makeQueryClient } from './app/queryClient';
import { makeRouter } from './app/router';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no element with the id "root"');

const linked = mlflowLink(window.location.hash);
if (linked) window.history.replaceState(null, '', linked);

const queryClient = makeQueryClient();
const router = makeRouter(queryClient);

createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
