Console.WriteLine("AiInfra");
